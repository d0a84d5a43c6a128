import siteStyle from '../../templates/site.css' with { type: 'text' }
import entryHtml from '../../templates/site-entry.html.hbs' with { type: 'text' }
import siteScript from '../../templates/site-index.client.js' with { type: 'text' }
import indexHtml from '../../templates/site-index.html.hbs' with { type: 'text' }
import trendsScript from '../../templates/site-trends.client.js' with { type: 'text' }
import trendsHtml from '../../templates/site-trends.html.hbs' with { type: 'text' }
import { ASSETS } from '../report/assets.ts'
import { compiledTemplate } from '../report/templates.ts'

const entry = compiledTemplate(entryHtml)
const index = compiledTemplate(indexHtml)
const trends = compiledTemplate(trendsHtml)
const style = `${ASSETS.style}\n${siteStyle}`

/** The pages of a site: each takes its view and returns a whole page that needs no network; `entry` a part of the index. */
export const SITE_TEMPLATES = {
  entry: (view: object) => entry(view),
  index: (view: object) => index({ ...view, style, script: siteScript }),
  trends: (view: object) =>
    trends({
      ...view,
      style,
      script: `${ASSETS.script}\n${trendsScript}`,
      uplotStyle: ASSETS.uplotStyle,
      uplotScript: ASSETS.uplotScript,
    }),
} as const
