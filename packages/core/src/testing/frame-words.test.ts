import test from 'ava'
import { fastCbor } from '../codec/fast-cbor.ts'
import { encodeBatch } from '../remoting/encode-batch.ts'
import { SentNames } from '../remoting/link-names.ts'
import { encodePayload, Kind } from '../remoting/wire.ts'
import { FrameWords } from './frame-words.ts'

test('the frames of one side of a link are told in words, names that came before included', (t) => {
  const [names, words] = [new SentNames(), new FrameWords()]
  const payload = encodePayload(fastCbor(), 1, 'm')

  t.is(words.next(encodeBatch([[Kind.tell, 7, 'put', payload]], names)), 'put')
  t.is(
    words.next(
      encodeBatch(
        [
          [Kind.tell, 7, 'put', payload],
          [Kind.ask, 7, 'get', payload, 3, 10],
        ],
        names,
      ),
    ),
    'put, ask get #3',
  )
  t.is(words.next(Uint8Array.of(1, 2, 3)), '')
})
