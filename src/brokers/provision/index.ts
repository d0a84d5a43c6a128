export { cacheDirectory, cacheEntry, type Log } from './cache.ts'
export { makeServerCertificate, type ServerCertificate } from './certificates.ts'
export { archiveFlags, type ClassArchiveRecipe, classArchive } from './class-archive.ts'
export { type CommandOutput, mustRun, runCommand } from './command.ts'
export { type DebianOptions, type DebianRoot, debianPackages } from './debian.ts'
export { installedJava, type Java, javaHome, javaVersion, temporaryFlag } from './java.ts'
export {
  type MavenArtifact,
  type MavenDependency,
  mavenArtifact,
  mavenCommand,
  mavenLibraries,
} from './maven.ts'
export { engineRequirement, javaRequirement, mavenRequirement, requirement } from './requirements.ts'
