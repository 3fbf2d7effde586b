/**
 * Style sheet as text, for a constructed sheet: inline styles would need the permission of the page's content security
 * policy.
 */
declare module "*.css" {
  const text: string;
  export default text;
}
