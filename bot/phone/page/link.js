// Talking to the phone: one stream of changes in, small posts out.
export async function post(name, body) {
  const answer = await fetch(`/api/${name}`, { method: "POST", body: JSON.stringify(body) });
  return finish(answer);
}

export async function upload(person, file, as) {
  const query = new URLSearchParams({ person, as, name: file.name });
  const headers = { "content-type": file.type || "application/octet-stream" };
  return finish(await fetch(`/api/upload?${query}`, { method: "POST", body: file, headers }));
}

async function finish(answer) {
  if (answer.ok) return answer.json();
  const type = answer.headers.get("content-type") ?? "";
  const problem = type.includes("json") ? (await answer.json()).problem : await answer.text();
  throw new Error(problem);
}

// Calls `onChange` with each change and `onState` with "open", "lost" or "closed".
export function listen(person, onChange, onState) {
  const stream = new EventSource(person ? `/api/events?person=${person}` : "/api/events");
  stream.onopen = () => onState("open");
  stream.onerror = () => onState(stream.readyState === EventSource.CLOSED ? "closed" : "lost");
  stream.onmessage = (event) => onChange(JSON.parse(event.data));
  return () => stream.close();
}
