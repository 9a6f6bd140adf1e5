/**
 * Makes `web/files.gen.ts` of the other files in `web/`, so that the compiled gateway has the page with it wherever it is installed.
 *
 *   npm run generate            write the module
 *   npm run drift               fail when the committed module is not what the folder holds
 */
import { readFileSync } from 'node:fs'
import { writeOrCheck } from './generated-files.ts'

const folder = 'web'
const files = { voiceHtml: 'voice.html', voiceCss: 'voice.css', voiceJs: 'voice.js', voiceSoundJs: 'voice-sound.js' }

writeOrCheck({ 'web/files.gen.ts': pageModule() }, folder)

function pageModule(): string {
  const texts = Object.entries(files).map(([name, file]) => {
    const text = readFileSync(new URL(`../${folder}/${file}`, import.meta.url), 'utf8')
    return `/** \`${folder}/${file}\` */\nexport const ${name} =\n  ${JSON.stringify(text)}\n`
  })
  return `// Generated from ${folder} by \`npm run generate\`. Do not edit.\n\n${texts.join('\n')}`
}
