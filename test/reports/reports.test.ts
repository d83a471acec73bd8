import { suite, test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { type Report, type ReportChart, renderHtmlReport, renderTextReport } from "demi-health/reports";

const START = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;

function chart(more: Partial<ReportChart> = {}): ReportChart & { readonly type: "chart" } {
  const points = Array.from({ length: 61 }, (_, i) => ({ timestamp: START + i * MINUTE, value: 100 + i }));
  return {
    type: "chart",
    title: "Heap",
    summary: "It grows from 100 to 160.",
    format: (value) => value.toFixed(0),
    series: [{ name: "heap", points }],
    ...more,
  };
}

function report(...blocks: Report["sections"][0]["blocks"]): Report {
  return { title: "Memory", generatedAt: START, sections: [{ title: "Section", blocks }] };
}

suite("renderTextReport()", () => {
  test("writes verdict, facts, lists, tables and charts in columns", () => {
    const text = renderTextReport({
      title: "Memory of Demi",
      subtitle: "one hour",
      generatedAt: START,
      verdict: { tone: "critical", label: "leak", text: "It grows." },
      sections: [
        {
          title: "Figures",
          blocks: [
            { type: "facts", facts: [{ name: "Growth", value: "5 MB/h", note: "4 to 6", tone: "critical" }] },
            { type: "list", items: ["first", "second"] },
            {
              type: "table",
              caption: "Sites",
              columns: [{ title: "Where" }, { title: "Bytes", isNumeric: true }],
              rows: [["remember chat.ts:12", "5 MB"]],
            },
          ],
        },
      ],
    });
    assert.equal(
      text,
      `Memory of Demi
══════════════
one hour
Made at 2026-01-01 00:00:00 UTC

✖ leak
  It grows.

Figures
───────
Growth  ✖ 5 MB/h (4 to 6)

• first
• second

Sites
  Where                Bytes
  remember chat.ts:12   5 MB
`,
    );
  });

  test("draws the first series of a chart, higher where it is larger", () => {
    const lines = renderTextReport(report(chart())).split("\n");
    const rows = lines.filter((line) => line.includes("│")).map((line) => line.split("│")[1]!);
    assert.equal(rows.length, 8);
    assert.ok(rows[0]!.trimStart().length < 12 && rows[0]!.trimEnd().endsWith("▄"), String(rows[0]));
    assert.ok(rows.every((row, i) => i === 0 || row.trim().length >= rows[i - 1]!.trim().length));
    assert.ok(lines.some((line) => line.includes("+15 min") || line.includes("+20 min")));
  });
});

suite("renderHtmlReport()", () => {
  test("loads nothing and runs nothing", () => {
    const html = renderHtmlReport(report(chart()));
    assert.match(html, /Content-Security-Policy" content="default-src 'none'/);
    assert.doesNotMatch(html, /<script|https?:\/\/|url\(|@import|\son\w+=/i);
  });

  test("gives every chart its sentence and its figures as a table", () => {
    const html = renderHtmlReport(report(chart({ limits: [{ name: "limit 170", value: 170 }] })));
    assert.match(html, /role="img" aria-label="Heap\. It grows from 100 to 160\."/);
    assert.match(html, /<details><summary>Figures of this chart<\/summary>/);
    assert.match(html, /limit 170/);
    const far = renderHtmlReport(report(chart({ limits: [{ name: "limit 9000", value: 9000 }] })));
    assert.doesNotMatch(far, /limit 9000/, "it would press the line flat");
  });

  test("leaves gaps where there are no figures, and says where there are none at all", () => {
    const points = [1, NaN, 3].map((value, i) => ({ timestamp: START + i, value }));
    const html = renderHtmlReport(report(chart({ series: [{ name: "heap", points }] })));
    const [, path = ""] = /class="line series-0" d="([^"]*)"/.exec(html) ?? [];
    assert.equal(path.split("M").length - 1, 2);
    assert.doesNotMatch(html, /NaN|Infinity/);
    assert.match(renderHtmlReport(report(chart({ series: [] }))), /No figures\./);
  });

  test("names few moments where they are, and numbers many, with a list that tells them", () => {
    const span = { from: START, to: START + 48 * 3_600_000 };
    const drawn = (
      ...hours: readonly number[]
    ): { readonly above: string; readonly listed: readonly string[] } => {
      const marks = hours.map((hour, i) => ({
        name: `outage ${i + 1}`,
        timestamp: START + hour * 3_600_000,
      }));
      const html = renderHtmlReport(report(chart({ span, marks })));
      const above = [...html.matchAll(/class="mark[^>]*>([^<]*)<\/span>/g)].map(([, text]) => text);
      const list = /dotted lines are<\/summary><ol>(.*?)<\/ol>/.exec(html)?.[1] ?? "";
      return {
        above: above.join(", "),
        listed: [...list.matchAll(/<li>(.*?)<\/li>/g)].map(([, item]) => item!),
      };
    };
    assert.deepEqual(drawn(2, 20, 47), { above: "outage 1, outage 2, outage 3", listed: [] });
    const { above, listed } = drawn(2, 20, 20.5, 22, 40);
    assert.equal(above, "1, 2–4, 5");
    assert.deepEqual(listed, [
      "after 2 h: outage 1",
      "after 20 h: outage 2",
      "after 20 h 30 min: outage 3",
      "after 22 h: outage 4",
      "after 1 d 16 h: outage 5",
    ]);
  });

  test("whatever stands in its texts is never markup", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const payload = `<img src=x onerror=alert(1)>"'&${text}`;
        const html = renderHtmlReport({
          title: payload,
          subtitle: payload,
          generatedAt: START,
          verdict: { tone: "ok", label: payload, text: payload },
          sections: [
            {
              title: payload,
              blocks: [
                { type: "text", text: payload },
                { type: "list", items: [payload] },
                { type: "facts", facts: [{ name: payload, value: payload, note: payload }] },
                { type: "table", caption: payload, columns: [{ title: payload }], rows: [[payload]] },
                chart({ title: payload, summary: payload, marks: [{ name: payload, timestamp: START }] }),
              ],
            },
          ],
        });
        assert.doesNotMatch(html, /<img/);
        const values = [...html.matchAll(/aria-label="([^"]*)"/g)].map(([, value]) => value!);
        assert.ok(values.every((value) => !value.includes("<")));
      }),
      { numRuns: 50 },
    );
  });
});
