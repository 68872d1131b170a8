// What the editor asks of the server.

/** A widget's cell as HTML, shown as some picture. */
export async function fetchCell(url, picture) {
  const address = new URL(url, location.href);
  address.searchParams.set("picture", picture);
  const response = await fetch(address, { headers: { "HX-Request": "true" } });
  if (!response.ok) throw new Error(`${response.status}`);
  const holder = document.createElement("template");
  holder.innerHTML = await response.text();
  return holder.content.querySelector(".lr-cell");
}

/** Keep a draft: what the server says, or `{ refused }` with its reason. */
export async function postDraft(form, url, draft) {
  const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
  const response = await fetch(url, {
    method: "POST",
    headers: { "X-CSRFToken": token, "Content-Type": "application/json", "HX-Request": "true" },
    body: JSON.stringify(draft),
  });
  const isJson = response.headers.get("Content-Type")?.includes("json");
  const answer = isJson ? await response.json() : {};
  return response.ok && isJson ? answer : { refused: answer.detail ?? `HTTP ${response.status}` };
}
