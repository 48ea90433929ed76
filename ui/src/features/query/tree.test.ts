import { describe, expect, it } from "vitest";
import {
  attributeOf,
  childrenOf,
  keptParts,
  parseTree,
  valuesOf,
  withAttribute,
  withChild,
  withCondition,
  without,
  type XmlNode,
} from "./tree";

const text = `<fetch top='5'><!-- mine -->
  <entity name="contact">
    <attribute name="fullname" />
    <filter type="and">
      <condition attribute="lastname"   operator="eq" value="Smith &amp; Co" />
      <condition attribute="statecode" operator="in"><value>0</value><value>1</value></condition>
    </filter>
  </entity>
</fetch>`;

const root = () => parseTree(text) as XmlNode;
const entity = () => root().children[0] as XmlNode;
const filter = () => childrenOf(entity(), "filter")[0] as XmlNode;

import { filterText, shownFilter } from "./filterText";

describe("tree", () => {
  it("reads elements, values and places", () => {
    expect(attributeOf(root(), "top")).toBe("5");
    const [first, second] = filter().children as [XmlNode, XmlNode];
    expect(valuesOf(first)).toEqual(["Smith & Co"]);
    expect(valuesOf(second)).toEqual(["0", "1"]);
    expect(text.slice(first.start, first.end)).toMatch(/^<condition .*\/>$/);
  });

  it("is null for what is not well formed", () => {
    for (const bad of ["", "<a>", "<a></b>", "<a b=c/>", "<a/><b/>", "x<a/>", "<a b='<'/>"])
      expect(parseTree(bad)).toBeNull();
  });

  it("changes only its own part", () => {
    const next = withAttribute(text, filter(), "type", "or");
    expect(next).toBe(text.replace('type="and"', 'type="or"'));
    expect(withAttribute(text, root(), "top", null)).toBe(text.replace(" top='5'", ""));
    expect(withAttribute(text, entity(), "x", 'a"<')).toContain('<entity name="contact" x="a&quot;&lt;">');
  });

  it("adds and takes away on lines of their own", () => {
    const added = withChild(text, filter(), '<condition attribute="x" operator="null" />');
    expect(added).toContain('</condition>\n      <condition attribute="x" operator="null" />\n    </filter>');
    const inEmpty = withChild(
      "<fetch><entity name='a' /></fetch>",
      (parseTree("<fetch><entity name='a' /></fetch>") as XmlNode).children[0] as XmlNode,
      "<filter />",
    );
    expect(parseTree(inEmpty)?.children[0]?.children[0]?.name).toBe("filter");
    const first = filter().children[0] as XmlNode;
    expect(without(text, first).split("\n").length).toBe(text.split("\n").length - 1);
  });

  it("rewrites a condition and keeps the rest", () => {
    const [first] = filter().children as [XmlNode];
    const next = withCondition(text, first, { operator: "in", values: ["a", "b<"], several: true });
    expect(next).toContain(
      '<condition attribute="lastname" operator="in"><value>a</value><value>b&lt;</value></condition>',
    );
    expect(next).toContain("<!-- mine -->");
    expect(keptParts(text, root())).toEqual(["comments"]);
  });
});

describe("a filter alone", () => {
  it("shows a lone condition in a filter and keeps it lone", () => {
    const lone = '<condition attribute="a" operator="null" />';
    expect(filterText(shownFilter(lone))).toBe(lone);
    expect(filterText('<filter type="and">\n</filter>')).toBeUndefined();
    const two = `<filter type="or">${lone}${lone}</filter>`;
    expect(filterText(shownFilter(two))).toBe(two);
    expect(shownFilter("<condition")).toBe("<condition");
  });
});
