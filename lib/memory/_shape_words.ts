// This module is browser-safe.

const WORDS: readonly (readonly [RegExp, string])[] = [
  [/^two saturations/, "two warm-ups"],
  [/^saturation/, "a warm-up"],
  [/^logarithm/, "a warm-up that gets slower and slower"],
  [/^ramp/, "a cache that fills up"],
  [/^two steps/, "two steps"],
  [/^step/, "a step"],
  [/^decline/, "a decline"],
  [/^constant/, "no growth at all"],
  [/^hinge/, "growth that began later"],
  [/^square/, "growth that gets faster"],
  [/^line/, "steady growth"],
];

/** A model's name, such as `day2 saturation and line + step`, in words that an owner knows. */
export function describeShape(name: string): string {
  const hasDay = /^day\d /.test(name);
  const inRuns = name.includes("runs: ");
  const anew = name.includes(" anew");
  const parts = name
    .replace(/^day\d /, "")
    .replace("runs: ", "")
    .replace(" anew", "")
    .split(/ and | \+ /)
    .map((part) => WORDS.find(([pattern]) => pattern.test(part))?.[1] ?? part);
  const more = [
    ...(hasDay ? ["the course of a day"] : []),
    ...(inRuns ? ["a level of its own after each restart"] : []),
  ];
  return `${[...parts, ...more].join(" with ")}${anew ? ", anew after each restart" : ""}`;
}
