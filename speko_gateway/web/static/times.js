// Times are rendered in UTC by the server and shown in the reader's own zone.

const whole = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

/** Rewrite the times in `root`; the server's own text stays as their title. */
export function localTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    time.title = time.textContent;
    time.textContent = ("clock" in time.dataset ? clock : whole).format(new Date(time.dateTime));
  }
}
