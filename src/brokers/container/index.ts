export { CONTAINER_LABEL, type ContainerOptions, type ContainerServer, runContainer } from './container.ts'
export { type ContainerBrokerParts, startContainerBroker } from './container-broker.ts'
export { askedRuntime, type ContainerEngine, chooseEngine, containerEngine, hasImage } from './engine.ts'
export { type RuntimePaths, startByRuntime } from './start-by-runtime.ts'
