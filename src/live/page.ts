import liveScript from '../../templates/live.client.js' with { type: 'text' }
import liveStyle from '../../templates/live.css' with { type: 'text' }
import { ASSETS } from '../report/assets.ts'
import { TEMPLATES } from '../report/templates.ts'
import type { LiveFacts } from './live-run.ts'

/** The page: charts, colours and chart code are the report's. What changes comes over `/events`. */
export function livePage(facts: LiveFacts): string {
  return TEMPLATES['live.html']({
    ...ASSETS,
    liveScript,
    liveStyle,
    title: facts.workload,
    id: facts.id,
    facts,
  })
}
