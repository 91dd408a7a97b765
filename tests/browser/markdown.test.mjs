import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";
import { openBrowser } from "./reader.mjs";

const WIDGET = new URL("../../assets/widget/", import.meta.url);
/** All that an answer may be made of; `A` and `SUP` stand for what the widget itself draws. */
const ALLOWED = /^(P|H[3-6]|UL|OL|LI|BLOCKQUOTE|HR|PRE|CODE|STRONG|EM|S|SPAN|BDI|DIV|TABLE|THEAD|TBODY|TR|TH|TD|SUP)$/;

describe("Markdown of an answer", () => {
  let server, browser, page;
  before(async () => {
    server = createServer(async (request, response) => {
      if (request.url === "/") return response.setHeader("content-type", "text/html").end("<!doctype html><title>Markdown</title>");
      const module = await readFile(new URL(`.${request.url}`, WIDGET)).catch(() => null);
      response.writeHead(module ? 200 : 404, { "content-type": "text/javascript" }).end(module ?? "");
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    browser = await openBrowser();
    page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    await page.evaluate(async () => {
      const { Markdown } = await import("/markdown.js");
      const make = (tag, text) => Object.assign(document.createElement(tag), { textContent: text });
      const surroundings = {
        cite: (number) => (number <= 3 ? make("sup", number) : null),
        link: () => null,
        code: (code) => make("pre", code),
        table: "Table",
      };
      window.begin = () => {
        const parent = document.createElement("div");
        return { parent, markdown: new Markdown(parent, surroundings) };
      };
      window.draw = (...texts) => {
        const { parent, markdown } = window.begin();
        for (const text of texts) markdown.draw(text);
        return parent;
      };
      window.plain = (element) => element.innerHTML.replace(/ (dir|role|tabindex|aria-label|scope)="[^"]*"/g, "").replaceAll("&nbsp;", " ");
    });
  });
  after(async () => {
    await browser?.close();
    server?.close();
  });

  const drawn = (...texts) => page.evaluate((given) => window.plain(window.draw(...given)), texts);

  for (const [name, markdown, html] of [
    ["emphasis", "a **b *c* d** ~~e~~ snake_case 2*3*4", "<p>a <strong>b <em>c</em> d</strong> <s>e</s> snake_case 2*3*4</p>"],
    ["code", "`a*b*` and ``c`d``", "<p><code>a*b*</code> and <code>c`d</code></p>"],
    ["citations", "a [1][2], b [1, 3] and c [7]", "<p>a <sup>1</sup><sup>2</sup>, b <sup>1</sup><sup>3</sup> and c [7]</p>"],
    ["a list that interrupts a paragraph", "text\n- one\n- two\n\nmore", "<p>text</p><ul><li>one</li><li>two</li></ul><p>more</p>"],
    ["nested lists", "1. a\n   - b\n2. c", '<ol start="1"><li>a<ul><li>b</li></ul></li><li>c</li></ol>'],
    ["code in a list", "1. a\n\n   ```js\n   x\n   ```\n2. b", '<ol start="1"><li>a<pre>x</pre></li><li>b</li></ol>'],
    ["tables", "| a | b |\n|---|:-:|\n| 1 | `x\\|y` |", '<div class="table"><table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td><code>x|y</code></td></tr></tbody></table></div>'],
    ["quotes", "> a\n> - b", "<blockquote><p>a</p><ul><li>b</li></ul></blockquote>"],
    ["headings below the widget's own", "# a\ntext", "<h3>a</h3><p>text</p>"],
    ["fences that are still open", "```\na\n\nb", "<pre>a\n\nb</pre>"],
    ["links to elsewhere as their text", "[a](https://evil.example) ![b](x.png)", "<p><span>a</span> <span>b</span></p>"],
    ["markup as text", "<b onclick=x>a</b>", "<p>&lt;b onclick=x&gt;a&lt;/b&gt;</p>"],
  ]) {
    test(`draws ${name}`, async () => assert.equal(await drawn(markdown), html));
  }

  for (const [name, markdown, isolated] of [
    ["a phrase of Latin words", "اس لیے environment variable سے بدلیں۔", ["environment variable"]],
    ["a name with a number", "ROS 2 میں nodes ہیں۔", ["ROS 2", "nodes"]],
    ["signs at the edge of a term", "یہ C++ اور /cmd_vel ہے۔", ["C++", "/cmd_vel"]],
    ["a list of terms", "نوڈ تین طرح سے بات کرتے ہیں: topics, services اور actions۔", ["topics, services", "actions"]],
    ["terms in brackets that belong to a phrase", "توازن کے لیے یہ جاننا ضروری ہے کہ zero moment point (ZMP) کہاں ہے۔", ["zero moment point (ZMP)"]],
    ["terms in brackets that belong to the Urdu words", "یہ چلنا (biped walking) ہے۔", ["biped walking"]],
    ["a quantity with its unit", "روبوٹ کی حالت 500 Hz پر آتی ہے، یعنی ہر 2 ms بعد۔", ["500 Hz", "2 ms"]],
    ["a term at the end of a sentence", "یہ ایک node ہے. وہ topic.", ["node", "topic"]],
  ]) {
    test(`in Urdu, ${name} keeps its order`, async () => {
      const found = await page.evaluate((text) => [...window.draw(text).querySelectorAll("bdi")].map((term) => term.textContent), markdown);
      assert.deepEqual(found, isolated);
    });
  }

  test("a paragraph full of Latin terms runs leftward in the answer to an Urdu question", async () => {
    const directions = await page.evaluate(async () => {
      const { Markdown } = await import("/markdown.js");
      return ["rtl", "ltr"].map((direction) => {
        const parent = document.createElement("div");
        new Markdown(parent, { cite: () => null, link: () => null, direction }).draw("Zero moment point (ZMP) یہ ہے۔\n\nPlain English.");
        return [...parent.children].map(({ dir }) => dir);
      });
    });
    assert.deepEqual(directions, [["rtl", "ltr"], ["ltr", "ltr"]]);
  });

  test("comes out the same when it arrives in pieces", async () => {
    const whole = "One **two** [1].\n\n```js\nlet x = 1;\n```\n\n- a\n- b `c`\n\n| a |\n|---|\n| 1 |\n";
    const pieces = Array.from(whole, (_, index) => whole.slice(0, index + 1));
    assert.equal(await drawn(...pieces), await drawn(whole));
  });

  test("keeps the elements of blocks that have not changed while it grows", async () => {
    const kept = await page.evaluate(() => {
      const { parent, markdown } = window.begin();
      markdown.draw("first\n\nsecond");
      const before = [...parent.children];
      markdown.draw("first\n\nsecond and more");
      return [...parent.children].map((element, index) => element === before[index]);
    });
    assert.deepEqual(kept, [true, false]);
  });

  test("nothing in a hostile text becomes an element of its choice, and none takes for ever", async () => {
    const hostile = [
      '<img src=x onerror="window.hurt=1">',
      "<script>window.hurt=1</script>",
      "[a](javascript:window.hurt=1)",
      "[a](<javascript:window.hurt=1>)",
      "![a](x onerror=window.hurt=1)",
      "`<img src=x onerror=window.hurt=1>`",
      "```<img src=x onerror=window.hurt=1>\n<iframe>\n```",
      "| <svg onload=window.hurt=1> |\n|---|\n| <a href=javascript:1>x</a> |",
      "# <style>*{display:none}</style>",
      "<http://evil.example/> https://evil.example/ data:text/html,x",
      ...["*", "`", "[", "_", "~", "|", ">", "\n", "(", "#"].map((sign) => sign.repeat(20_000)),
      ...["*a ", "`a ", "[a](", "_a ", "**a ", "~~a ", "[1", "- ", "> ", "http://", "![", "\\"].map((part) => part.repeat(5_000)),
      `|${"-|".repeat(5_000)}\n|${"-|".repeat(5_000)}`,
      ...[".", "a ", "a.", "a (", "a, "].map((part) => `یہ ${part.repeat(5_000)}`),
      Array.from({ length: 200 }, (_, depth) => `${" ".repeat(depth)}- x`).join("\n"),
    ];
    const tags = await page.evaluate((texts) => {
      const found = new Set();
      for (const text of texts) for (const element of window.draw(text).querySelectorAll("*")) found.add(element.tagName);
      return [...found];
    }, hostile);
    assert.deepEqual(tags.filter((tag) => !ALLOWED.test(tag)), []);
    assert.equal(await page.evaluate(() => window.hurt), undefined);
  });
});
