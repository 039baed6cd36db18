/** Waiting for what may never come: a worker can die without a word, and a storage may not answer. */

/** @returns What `asked` comes to, or `late()` where that takes longer; what comes afterwards is dropped. */
export async function within<T>(milliseconds: number, asked: Promise<T>, late: () => T): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<void>((resolve) => (timer = setTimeout(resolve, milliseconds))).then(late);
  try {
    return await Promise.race([asked, silence]);
  } finally {
    clearTimeout(timer);
  }
}
