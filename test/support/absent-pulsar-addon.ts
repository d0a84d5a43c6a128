// Preloaded by tests: the official Pulsar package as it is on a machine where its addon was never downloaded.
import { plugin } from 'bun'

const words =
  "Cannot find module '/bench/node_modules/pulsar-client/lib/binding/pulsar.node'\nRequire stack:\n- binding.js"

plugin({
  name: 'absent-pulsar-addon',
  setup(build) {
    build.module('pulsar-client', () => {
      throw Object.assign(new Error(words), { code: 'MODULE_NOT_FOUND' })
    })
  },
})
