/** All gestures and keys, in groups. */
import { keyTable } from "./keyTable";
import { t } from "../../i18n/translate";

export function KeyList() {
  return (
    <>
      {keyTable.map(({ title, rows }) => (
        <section key={title} class="key-group">
          <h3>{t(title)}</h3>
          <dl class="keys">
            {rows.map(([what, how]) => (
              <div key={what}>
                <dt>{t(what)}</dt>
                <dd>{t(how)}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </>
  );
}
