/**
 * The character references of HTML 4 and frequent later ones; others stay as they are. Each run is a character, its name,
 * and the names of the characters that follow it, which are empty where there is none. Accented letters and Greek capitals
 * follow from their names.
 */
const runs =
  "!excl quot num dollar percnt amp apos lpar rpar ast plus comma  period sol:colon semi lt equals gt quest" +
  " commat[lsqb bsol rsqb  lowbar grave[lbrack]rbrack{lcub vert rcub\u00a0nbsp iexcl cent pound curren yen" +
  " brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro para middot cedil sup1" +
  " ordm raquo frac14 frac12 frac34 iquestÆAEligÐETH×times OslashÞTHORN szligæaeligðeth÷divide oslashþthorn" +
  "ŒOElig oeligƒfnofˆcirc˜tildeαalpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi" +
  " omicron pi rho sigmaf sigma tau upsilon phi chi psi omegaϑthetasym upsih    piv\u2002ensp emsp\u2009thinsp " +
  "  zwnj zwj lrm rlm    ndash mdash    lsquo rsquo sbquo  ldquo rdquo bdquo  dagger Dagger bull    hellip" +
  "‰permil  prime Prime‹lsaquo rsaquo    oline⁄frasl€euroℑimage℘weierp    real™tradeℵalefsym←larr uarr rarr" +
  " darr harr↵crarr⇐lArr uArr rArr dArr hArr∀forall  part exist  empty  nabla isin notin  ni    prod  sum minus" +
  "∗lowast   radic   prop infin  ang∧and or cap cup int∴there4∼sim≅cong   asymp≠ne equiv   le ge⊂sub sup nsub " +
  " sube supe⊕oplus  otimes⊥perp⋅sdot⌈lceil rceil lfloor rfloor〈lang rang◊loz★starf star☎phone♠spades   clubs " +
  " hearts diams✓check    cross";

const named = new Map(
  [...runs.matchAll(/([^\w ])([\w ]+)/g)].flatMap(([, first = "", names = ""]) =>
    names.split(" ").map((name, index) => [name, String.fromCharCode(first.charCodeAt(0) + index)] as const),
  ),
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
