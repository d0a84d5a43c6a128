import uplotScript from 'uplot/dist/uPlot.iife.min.js' with { type: 'text' }
import uplotStyle from 'uplot/dist/uPlot.min.css' with { type: 'text' }
import script from '../../templates/report.client.js' with { type: 'text' }
import style from '../../templates/report.css' with { type: 'text' }

/** What the page carries in itself, so that it needs no network: the chart library is read from its package. */
export const ASSETS = { style, script, uplotStyle, uplotScript } as const
