// Files that are imported as text (`with { type: 'text' }`), so that they are part of a compiled binary, too.
declare module '*.hbs' {
  const text: string
  export default text
}
declare module '*.css' {
  const text: string
  export default text
}
declare module '*.client.js' {
  const text: string
  export default text
}
declare module 'uplot/dist/uPlot.iife.min.js' {
  const text: string
  export default text
}
