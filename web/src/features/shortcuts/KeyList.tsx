/** All gestures and keys, in groups. */
import { t } from "../../i18n/translate";
import { shortcutOf, type Action } from "../../state/action";
import { gestures, type Shortcuts } from "./shortcutGroups";

export function KeyList({ shortcuts }: { shortcuts: Shortcuts }) {
  return (
    <>
      {gestures.map(({ group, title, rows }) => (
        <section key={group} class="key-group">
          <h3>{t(title)}</h3>
          <dl class="keys">
            {rows.map(([what, how]) => (
              <Row key={what} what={t(what)} how={t(how)} />
            ))}
            {shortcuts[group].map((actions) => (
              <Row key={actions[0]!.keys[0]} what={t(actions[0]!.label)} how={howTo(actions)} />
            ))}
          </dl>
        </section>
      ))}
    </>
  );
}

const Row = ({ what, how }: { what: string; how: string }) => (
  <div>
    <dt>{what}</dt>
    <dd>{how}</dd>
  </div>
);

const howTo = (actions: readonly Action[]): string =>
  actions[0]!.usage ? t(actions[0]!.usage) : actions.map(shortcutOf).join(" ");
