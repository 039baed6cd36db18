/** The figures of a device as Markdown, to be sent to whoever collects them. In English, as all reports are. */
import { version } from "../../../../package.json";
import { photoSize, type Row } from "./bench";

/** What a report says of the device. */
export type Device = readonly (readonly [name: string, value: string])[];

const columns = ["Provider", "Runtime", "Threads", "Start", "First photo", "Photo, median", "Tap, p50", "Tap, p95", ""];

/** The cells of a row, in the order of `columns`. */
export function cells(row: Row): string[] {
  if ("reason" in row) return [row.provider, "", "", "", "", "", "", "", row.reason];
  const { info, start, speed } = row;
  return [
    row.provider,
    info.runtime.name,
    String(info.threads),
    ...[start, speed.firstEncode, speed.encode, speed.tapP50, speed.tapP95].map(milliseconds),
    info.tried.at(-1)?.reason ?? "",
  ];
}

export function report(rows: readonly Row[], device: Device): string {
  const measured = rows.find((row) => "info" in row);
  const { model, variant } = measured?.info ?? {};
  const facts: Device = [
    ["Version", version],
    ["Model", model ? `${model.title} (${variant}), ${model.input_size} pixels` : "none could be measured"],
    ["Photo", `${photoSize.width} × ${photoSize.height}`],
    ...device,
  ];
  return [
    line("Tapmask", "Speed on a device"),
    "|---|---|",
    ...facts.map(([name, value]) => line(name, value)),
    "",
    line(...columns),
    `|${"---|".repeat(columns.length)}`,
    ...rows.map((row) => line(...cells(row))),
    "",
  ].join("\n");
}

/** What a browser tells about its device; some tell more when they are asked, none tells who uses it. */
export async function describeDevice(
  of: Pick<Navigator, "userAgent" | "hardwareConcurrency"> = navigator,
): Promise<Device> {
  const { userAgentData: hints, deviceMemory } = of as Hinting;
  const told = await hints
    ?.getHighEntropyValues(["model", "platformVersion", "architecture", "bitness"])
    .catch(() => null);
  const device = told && [
    told.model,
    `${told.platform} ${told.platformVersion}`,
    `${told.architecture} ${told.bitness}`,
  ];
  return [
    [
      "Device",
      device
        ?.map((part) => part.trim())
        .filter(Boolean)
        .join(", ") || "the browser does not tell",
    ],
    ["Cores", String(of.hardwareConcurrency ?? "the browser does not tell")],
    ["Memory", deviceMemory ? `${deviceMemory} GiB or more` : "the browser does not tell"],
    ["Cross-origin isolated", globalThis.crossOriginIsolated ? "yes" : "no"],
    ["Browser", of.userAgent],
  ];
}

interface Hinting {
  readonly deviceMemory?: number;
  readonly userAgentData?: {
    getHighEntropyValues(names: readonly string[]): Promise<{
      readonly model: string;
      readonly platform: string;
      readonly platformVersion: string;
      readonly architecture: string;
      readonly bitness: string;
    }>;
  };
}

export const milliseconds = (time: number): string => `${time < 10 ? time.toFixed(1) : Math.round(time)} ms`;
const line = (...values: readonly string[]): string =>
  `| ${values.map((value) => value.replaceAll("|", "\\|").replaceAll(/\s+/g, " ")).join(" | ")} |`;
