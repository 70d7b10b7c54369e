// Browsers keep a page silent until a person does something on it.

/** Call `play` at the next click or key, where it was not allowed to do anything yet. */
export function atNextGesture(play) {
  const gesture = new AbortController();
  const once = () => {
    gesture.abort();
    play();
  };
  for (const name of ["click", "keydown"]) document.addEventListener(name, once, { signal: gesture.signal });
}
