const OPEN_METRICS = "application/openmetrics-text";
const TEXT = new Set(["text/plain", "text/*", "*/*"]);

/**
 * Whether who asks would rather have OpenMetrics than the Prometheus text format, by its `Accept` header: as Prometheus does,
 * and a browser or curl does not.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-accept
 */
export function acceptsOpenMetrics(accept: string | undefined): boolean {
  let [openMetrics, text] = [0, 0];
  for (const range of (accept ?? "").split(",")) {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
    const given = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
    const quality = given === undefined ? 1 : Number(given);
    if (!(quality > 0)) continue;
    if (type === OPEN_METRICS) openMetrics = Math.max(openMetrics, quality);
    else if (TEXT.has(type)) text = Math.max(text, quality);
  }
  return openMetrics > 0 && openMetrics >= text;
}
