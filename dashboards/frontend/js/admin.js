// The administration: its forms are sent once, too, and its times are its reader's.
import { offerCopies } from "./copy.js";
import { sendOnce } from "./forms.js";
import { noteZoneOnce } from "./zone.js";

sendOnce(document);
offerCopies(document);
// The log-in page is the first: what follows is in this zone. Pages of ours do more about it.
if (!document.querySelector("[data-chosen-zone]")) noteZoneOnce();
