/** A number between two others. */
import { useId } from "preact/hooks";

interface Props {
  label: string;
  unit: string;
  range: { readonly min: number; readonly max: number; readonly step: number };
  value: number;
  testId: string;
  onChange(value: number): void;
}

export function Slider({ label, unit, range, value, testId, onChange }: Props) {
  const id = useId();
  return (
    <div class="slider">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="range"
        {...range}
        value={value}
        data-testid={testId}
        onInput={(event) => onChange(event.currentTarget.valueAsNumber)}
      />
      <output for={id}>
        {value}
        {unit}
      </output>
    </div>
  );
}
