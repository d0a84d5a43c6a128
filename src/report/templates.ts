import Handlebars from 'handlebars'
import compareHtml from '../../templates/compare.html.hbs' with { type: 'text' }
import costsJson from '../../templates/costs.json.hbs' with { type: 'text' }
import liveHtml from '../../templates/live.html.hbs' with { type: 'text' }
import metricsJson from '../../templates/metrics.json.hbs' with { type: 'text' }
import reportCsv from '../../templates/report.csv.hbs' with { type: 'text' }
import reportHtml from '../../templates/report.html.hbs' with { type: 'text' }
import { csvCell, scriptJson } from './escape.ts'

/** Helpers templates may call; everything else a template asks for must be there, or it throws. */
const HELPERS = { csv: true, json: true, compactJson: true } as const

const handlebars = Handlebars.create()
handlebars.registerHelper('csv', (value: unknown) => new Handlebars.SafeString(csvCell(value)))
handlebars.registerHelper('json', (value: unknown) => new Handlebars.SafeString(scriptJson(value)))
handlebars.registerHelper('compactJson', (value: unknown) => new Handlebars.SafeString(scriptJson(value, 0)))

/** A view from the text of its template; throws where the template asks for what its model has not. */
export function compiledTemplate(template: string): (view: unknown) => string {
  const render = handlebars.compile(template, {
    strict: true,
    knownHelpersOnly: true,
    knownHelpers: HELPERS as unknown as Record<string, boolean>,
  })
  return (view) => render(view)
}

/** The views: each takes its model and returns the file's text. HTML is escaped unless a template says otherwise. */
export const TEMPLATES = {
  'report.html': compiledTemplate(reportHtml),
  'live.html': compiledTemplate(liveHtml),
  'compare.html': compiledTemplate(compareHtml),
  'report.csv': compiledTemplate(reportCsv),
  'metrics.json': compiledTemplate(metricsJson),
  'costs.json': compiledTemplate(costsJson),
} as const
