/** Shows the page anew when the service stands otherwise than the page says. */

const LOOK_EVERY_MS = 30_000;

/** @returns {Promise<string | undefined>} */
async function standing() {
  try {
    const response = await fetch("status.json");
    const { state, since, troubles } = await response.json();
    return JSON.stringify([state, since, troubles]);
  } catch {
    // Away for a moment: the page keeps what was last known.
    return undefined;
  }
}

let shown = await standing();
setInterval(async () => {
  if (document.hidden) return;
  const now = await standing();
  if (now === undefined) return;
  if (shown !== undefined && now !== shown) location.reload();
  shown = now;
}, LOOK_EVERY_MS);

export {};
