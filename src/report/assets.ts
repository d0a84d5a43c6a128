import uplotScript from 'uplot/dist/uPlot.iife.min.js' with { type: 'text' }
import uplotStyle from 'uplot/dist/uPlot.min.css' with { type: 'text' }
import choices from '../../templates/report.client.js' with { type: 'text' }
import style from '../../templates/report.css' with { type: 'text' }
import lines from '../../templates/report.lines.client.js' with { type: 'text' }
import plot from '../../templates/report.plot.client.js' with { type: 'text' }

/** What the page carries in itself, so that it needs no network: the chart library is read from its package. */
export const ASSETS = {
  style,
  script: [lines, plot, choices].join('\n'),
  /** What draws a chart, for other pages than the report's. */
  plotScript: [lines, plot].join('\n'),
  uplotStyle,
  uplotScript,
} as const
