import uplotScript from 'uplot/dist/uPlot.iife.min.js' with { type: 'text' }
import uplotStyle from 'uplot/dist/uPlot.min.css' with { type: 'text' }
import draw from '../../templates/chart-draw.client.js' with { type: 'text' }
import lines from '../../templates/chart-lines.client.js' with { type: 'text' }
import plot from '../../templates/chart-plot.client.js' with { type: 'text' }
import house from '../../templates/house.css' with { type: 'text' }
import houseParts from '../../templates/house-parts.css' with { type: 'text' }
import reportScript from '../../templates/report.client.js' with { type: 'text' }
import reportStyle from '../../templates/report.css' with { type: 'text' }

/**
 * What pages carry in themselves, so that they need no network; the chart library is read from its package. `style` and
 * `script` (charts: `benchCharts.draw`) serve every page, the others the report alone.
 */
export const ASSETS = {
  style: `${house}\n${houseParts}`,
  script: [lines, plot, draw].join('\n'),
  uplotStyle,
  uplotScript,
  reportStyle,
  reportScript,
} as const
