export { CONTAINER_LABEL, type ContainerOptions, type ContainerServer, runContainer } from './container.ts'
export { askedRuntime, type ContainerEngine, chooseEngine, containerEngine, hasImage } from './engine.ts'
