/** The bundler gives a style sheet as its text, for a sheet that is constructed: inline styles would need the page's leave. */
declare module "*.css" {
  const text: string;
  export default text;
}
