/** One of several words: radio buttons that look like chips. */
interface Props<T extends string> {
  name: string;
  legend: string;
  options: readonly (readonly [value: T, words: string])[];
  chosen: T;
  onChoose(value: T): void;
}

export function Choices<T extends string>({ name, legend, options, chosen, onChoose }: Props<T>) {
  return (
    <fieldset class="choices">
      <legend>{legend}</legend>
      {options.map(([value, words]) => (
        <label key={value} class="chip" data-testid={`${name}-${value}`}>
          <input type="radio" name={name} value={value} checked={value === chosen} onChange={() => onChoose(value)} />
          <span>{words}</span>
        </label>
      ))}
    </fieldset>
  );
}
