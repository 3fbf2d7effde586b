/**
 * The character references of HTML 4 and frequent later ones, each with its character; others stay as they are. Accented
 * letters and Greek capitals follow from their names.
 */
const named = new Map(
  [
    "quot\" amp& apos' lt< gt> nbsp\u00a0 iexcl¡ cent¢ pound£ curren¤ yen¥ brvbar¦ sect§ uml¨ copy© ordfª",
    "laquo« not¬ shy\u00ad reg® macr¯ deg° plusmn± sup2² sup3³ acute´ microµ para¶ middot· cedil¸ sup1¹ ordmº",
    "raquo» frac14¼ frac12½ frac34¾ iquest¿ AEligÆ ETHÐ times× OslashØ THORNÞ szligß aeligæ ethð divide÷",
    "oslashø thornþ OEligŒ oeligœ fnofƒ circˆ tilde˜ alphaα betaβ gammaγ deltaδ epsilonε zetaζ etaη thetaθ",
    "iotaι kappaκ lambdaλ muμ nuν xiξ omicronο piπ rhoρ sigmafς sigmaσ tauτ upsilonυ phiφ chiχ psiψ omegaω",
    "thetasymϑ upsihϒ pivϖ ensp\u2002 emsp\u2003 thinsp\u2009 zwnj\u200c zwj\u200d lrm\u200e rlm\u200f ndash–",
    "mdash— lsquo‘ rsquo’ sbquo‚ ldquo“ rdquo” bdquo„ dagger† Dagger‡ bull• hellip… permil‰ prime′ Prime″",
    "lsaquo‹ rsaquo› oline‾ frasl⁄ euro€ imageℑ weierp℘ realℜ trade™ alefsymℵ larr← uarr↑ rarr→ darr↓ harr↔",
    "crarr↵ lArr⇐ uArr⇑ rArr⇒ dArr⇓ hArr⇔ forall∀ part∂ exist∃ empty∅ nabla∇ isin∈ notin∉ ni∋ prod∏ sum∑",
    "minus− lowast∗ radic√ prop∝ infin∞ ang∠ and∧ or∨ cap∩ cup∪ int∫ there4∴ sim∼ cong≅ asymp≈ ne≠ equiv≡ le≤",
    "ge≥ sub⊂ sup⊃ nsub⊄ sube⊆ supe⊇ oplus⊕ otimes⊗ perp⊥ sdot⋅ lceil⌈ rceil⌉ lfloor⌊ rfloor⌋ lang〈 rang〉",
    "loz◊ spades♠ clubs♣ hearts♥ diams♦ excl! num# dollar$ percnt% lpar( rpar) ast* plus+ comma, period. sol/",
    "colon: semi; equals= quest? commat@ lsqb[ lbrack[ bsol\\ rsqb] rbrack] lowbar_ grave` lcub{ vert| rcub}",
    "check✓ cross✗ star☆ starf★ phone☎",
  ]
    .flatMap((line) => line.split(" "))
    .map((each) => [each.slice(0, -1), each.slice(-1)]),
);

const accents: Readonly<Record<string, string>> = {
  grave: "\u0300",
  acute: "\u0301",
  circ: "\u0302",
  tilde: "\u0303",
  uml: "\u0308",
  ring: "\u030a",
  cedil: "\u0327",
  caron: "\u030c",
};

export function decodeEntities(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|(\w{1,8}));/g, decode);
}

function decode(whole: string, decimal?: string, hex?: string, name?: string): string {
  if (name !== undefined) return named.get(name) ?? derive(name) ?? whole;
  const code = decimal === undefined ? Number.parseInt(hex ?? "", 16) : Number(decimal);
  const isCharacter = code > 0 && code <= 0x10_ffff && !(code >= 0xd800 && code <= 0xdfff);
  return isCharacter ? String.fromCodePoint(code) : "\ufffd";
}

function derive(name: string): string | undefined {
  const letter = `${name.charAt(0)}${accents[name.slice(1)] ?? ""}`.normalize();
  if (Object.hasOwn(accents, name.slice(1)) && letter.length === 1) return letter;
  const small = named.get(name.toLowerCase()) ?? "";
  return /^[A-Z][a-z]+$/.test(name) && /^[α-ω]$/.test(small) ? small.toUpperCase() : undefined;
}
