// The administration: its forms are sent once, too.
import { sendOnce } from "./forms.js";

sendOnce(document);
