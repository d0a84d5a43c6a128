// Runs in the report, offline: the reader's choices, colours, paper and downloads.
/* global benchCharts */
;(() => {
  const data = JSON.parse(document.getElementById('chart-data').textContent)
  const root = document.documentElement
  const all = (selector) => [...document.querySelectorAll(selector)]

  const choice = (name, fallback) => {
    const field = document.querySelector(`select[name=${name}], input[name=${name}]:checked`)
    return field === null ? fallback : field.value
  }
  /** What the reader chose; the form alone knows. */
  const choices = () => {
    const trial = choice('trial', '')
    const off = all('input[name=side]').filter((box) => !box.checked)
    return {
      load: Number(choice('load', 0)),
      trial: trial === '' ? null : Number(trial),
      quantile: choice('quantile', 'p99'),
      scale: choice('scale', 'log'),
      hidden: new Set(off.map((box) => Number(box.value))),
      paper: root.dataset.printing !== undefined,
    }
  }

  /** Says what was chosen where the choices themselves cannot be seen: on paper. */
  const tellShown = ({ trial, quantile, load }) => {
    const parts = []
    if (data.loads.length > 1) parts.push(data.loads[load].title)
    if (data.sides.length > 1) parts.push(quantile)
    const several = data.loads[load].time.trials.some((each) => each.trial > 1)
    if (several) parts.push(trial === null ? 'median and range of all trials' : `trial ${trial}`)
    for (const place of all('[data-shown=time]')) {
      place.textContent = parts.length === 0 ? '' : `Shown: ${parts.join(', ')}.`
    }
    for (const place of all('[data-shown=load]')) {
      place.textContent = data.loads.length > 1 ? `Shown: ${data.loads[load].title}.` : ''
    }
  }
  const drawAll = () => {
    const chosen = choices()
    tellShown(chosen)
    benchCharts.draw(data, document, chosen)
  }
  for (const form of all('form.controls')) {
    form.addEventListener('change', drawAll)
    form.addEventListener('submit', (event) => event.preventDefault())
  }

  // Colours: the system's, unless the reader chose; remembered where the browser lets a file remember.
  const THEME = 'bench-theme'
  const remembered = () => {
    try {
      return localStorage.getItem(THEME) ?? ''
    } catch {
      return ''
    }
  }
  const remember = (theme) => {
    try {
      localStorage.setItem(THEME, theme)
    } catch {
      // It holds until the page is closed.
    }
  }
  // Dark colours stand in one rule of the style sheet: its condition is what the switch changes.
  const BY_SYSTEM = 'screen and (prefers-color-scheme: dark)'
  const CONDITIONS = { '': BY_SYSTEM, light: 'not all', dark: 'screen' }
  const darkRules = [...document.styleSheets]
    .flatMap((sheet) => [...sheet.cssRules])
    .filter((rule) => rule instanceof CSSMediaRule && rule.media.mediaText === BY_SYSTEM)
  const paint = (theme) => {
    for (const rule of darkRules) rule.media.mediaText = CONDITIONS[theme]
    drawAll()
  }
  const themeForm = document.querySelector('form.theme')
  const theme = () => themeForm.elements.theme.value
  const known = themeForm.querySelector(`input[value="${CSS.escape(remembered())}"]`)
  if (known !== null) known.checked = true
  paint(theme())
  themeForm.addEventListener('change', () => {
    remember(theme())
    paint(theme())
  })
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll)

  // Paper: light colours, its own width, nothing folded away.
  let folded = []
  addEventListener('beforeprint', () => {
    root.dataset.printing = ''
    folded = all('details:not([open])')
    for (const each of folded) each.open = true
    paint('light')
  })
  addEventListener('afterprint', () => {
    delete root.dataset.printing
    for (const each of folded) each.open = false
    paint(theme())
  })

  // Files in the page are gzip; saved unpacked where the browser can.
  const bytesOf = (url) =>
    Uint8Array.from(atob(url.slice(url.indexOf(',') + 1)), (char) => char.charCodeAt(0))
  const unpacked = (link) => {
    const packed = new Blob([bytesOf(link.href)]).stream()
    return new Response(packed.pipeThrough(new DecompressionStream('gzip'))).blob()
  }
  const save = (name, file) => {
    const address = URL.createObjectURL(file)
    const anchor = document.createElement('a')
    anchor.href = address
    anchor.download = name
    anchor.click()
    setTimeout(() => URL.revokeObjectURL(address), 60_000)
  }
  if (typeof DecompressionStream === 'function') {
    for (const link of all('a.packed')) {
      link.addEventListener('click', async (event) => {
        event.preventDefault()
        save(link.dataset.name, await unpacked(link))
      })
    }
  }
})()
