/** All gestures and keys, in groups. */
import { keyTable } from "../keyTable";

export function KeyList() {
  return (
    <>
      {keyTable.map(({ title, rows }) => (
        <section key={title} class="key-group">
          <h3>{title}</h3>
          <dl class="keys">
            {rows.map(([what, how]) => (
              <div key={what}>
                <dt>{what}</dt>
                <dd>{how}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </>
  );
}
