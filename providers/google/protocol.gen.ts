// Generated from @google-cloud/text-to-speech by `npm run generate`. Do not edit.
// That package is Google's, under the licence Apache-2.0.

/** What is spoken of Google's protocol, as protobufjs reads it. */
export const descriptor = { nested: {
  google: { nested: {
    cloud: { nested: {
      texttospeech: { nested: {
        v1: { nested: {
          SsmlVoiceGender: {"values":{"SSML_VOICE_GENDER_UNSPECIFIED":0,"MALE":1,"FEMALE":2,"NEUTRAL":3}},
          AudioEncoding: {"values":{"AUDIO_ENCODING_UNSPECIFIED":0,"LINEAR16":1,"MP3":2,"OGG_OPUS":3,"MULAW":5,"ALAW":6,"PCM":7,"M4A":8}},
          AdvancedVoiceOptions: {"oneofs":{"_lowLatencyJourneySynthesis":{"oneof":["lowLatencyJourneySynthesis"]},"_enableTextnorm":{"oneof":["enableTextnorm"]}},"fields":{"lowLatencyJourneySynthesis":{"type":"bool","id":1,"options":{"proto3_optional":true}},"relaxSafetyFilters":{"type":"bool","id":8},"safetySettings":{"type":"SafetySettings","id":9},"enableTextnorm":{"type":"bool","id":2,"options":{"proto3_optional":true}}},"nested":{"SafetySetting":{"fields":{"category":{"type":"HarmCategory","id":1},"threshold":{"type":"HarmBlockThreshold","id":2}}},"SafetySettings":{"fields":{"settings":{"rule":"repeated","type":"SafetySetting","id":1}}},"HarmCategory":{"values":{"HARM_CATEGORY_UNSPECIFIED":0,"HARM_CATEGORY_HATE_SPEECH":1,"HARM_CATEGORY_DANGEROUS_CONTENT":2,"HARM_CATEGORY_HARASSMENT":3,"HARM_CATEGORY_SEXUALLY_EXPLICIT":4}},"HarmBlockThreshold":{"values":{"HARM_BLOCK_THRESHOLD_UNSPECIFIED":0,"BLOCK_LOW_AND_ABOVE":1,"BLOCK_MEDIUM_AND_ABOVE":2,"BLOCK_ONLY_HIGH":3,"BLOCK_NONE":4,"OFF":5}}}},
          SynthesizeSpeechRequest: {"oneofs":{"_advancedVoiceOptions":{"oneof":["advancedVoiceOptions"]}},"fields":{"input":{"type":"SynthesisInput","id":1},"voice":{"type":"VoiceSelectionParams","id":2},"audioConfig":{"type":"AudioConfig","id":3},"advancedVoiceOptions":{"type":"AdvancedVoiceOptions","id":8,"options":{"proto3_optional":true}}}},
          CustomPronunciationParams: {"oneofs":{"_phrase":{"oneof":["phrase"]},"_phoneticEncoding":{"oneof":["phoneticEncoding"]},"_pronunciation":{"oneof":["pronunciation"]}},"fields":{"phrase":{"type":"string","id":1,"options":{"proto3_optional":true}},"phoneticEncoding":{"type":"PhoneticEncoding","id":2,"options":{"proto3_optional":true}},"pronunciation":{"type":"string","id":3,"options":{"proto3_optional":true}}},"nested":{"PhoneticEncoding":{"values":{"PHONETIC_ENCODING_UNSPECIFIED":0,"PHONETIC_ENCODING_IPA":1,"PHONETIC_ENCODING_X_SAMPA":2,"PHONETIC_ENCODING_JAPANESE_YOMIGANA":3,"PHONETIC_ENCODING_PINYIN":4}}}},
          CustomPronunciations: {"fields":{"pronunciations":{"rule":"repeated","type":"CustomPronunciationParams","id":1}}},
          MultiSpeakerMarkup: {"fields":{"turns":{"rule":"repeated","type":"Turn","id":1}},"nested":{"Turn":{"fields":{"speaker":{"type":"string","id":1},"text":{"type":"string","id":2}}}}},
          MultispeakerPrebuiltVoice: {"fields":{"speakerAlias":{"type":"string","id":1},"speakerId":{"type":"string","id":2}}},
          MultiSpeakerVoiceConfig: {"fields":{"speakerVoiceConfigs":{"rule":"repeated","type":"MultispeakerPrebuiltVoice","id":2}}},
          SynthesisInput: {"oneofs":{"inputSource":{"oneof":["text","markup","ssml","multiSpeakerMarkup"]},"_prompt":{"oneof":["prompt"]}},"fields":{"text":{"type":"string","id":1},"markup":{"type":"string","id":5},"ssml":{"type":"string","id":2},"multiSpeakerMarkup":{"type":"MultiSpeakerMarkup","id":4},"prompt":{"type":"string","id":6,"options":{"proto3_optional":true}},"customPronunciations":{"type":"CustomPronunciations","id":3}}},
          VoiceSelectionParams: {"fields":{"languageCode":{"type":"string","id":1},"name":{"type":"string","id":2},"ssmlGender":{"type":"SsmlVoiceGender","id":3},"customVoice":{"type":"CustomVoiceParams","id":4},"voiceClone":{"type":"VoiceCloneParams","id":5},"modelName":{"type":"string","id":6},"multiSpeakerVoiceConfig":{"type":"MultiSpeakerVoiceConfig","id":7}}},
          AudioConfig: {"fields":{"audioEncoding":{"type":"AudioEncoding","id":1},"speakingRate":{"type":"double","id":2},"pitch":{"type":"double","id":3},"volumeGainDb":{"type":"double","id":4},"sampleRateHertz":{"type":"int32","id":5},"effectsProfileId":{"rule":"repeated","type":"string","id":6}}},
          CustomVoiceParams: {"fields":{"model":{"type":"string","id":1},"reportedUsage":{"type":"ReportedUsage","id":3}},"nested":{"ReportedUsage":{"values":{"REPORTED_USAGE_UNSPECIFIED":0,"REALTIME":1,"OFFLINE":2}}}},
          VoiceCloneParams: {"fields":{"voiceCloningKey":{"type":"string","id":1}}},
          SynthesizeSpeechResponse: {"fields":{"audioContent":{"type":"bytes","id":1}}},
          StreamingAudioConfig: {"fields":{"audioEncoding":{"type":"AudioEncoding","id":1},"sampleRateHertz":{"type":"int32","id":2},"speakingRate":{"type":"double","id":3}}},
          StreamingSynthesizeConfig: {"oneofs":{"_advancedVoiceOptions":{"oneof":["advancedVoiceOptions"]}},"fields":{"voice":{"type":"VoiceSelectionParams","id":1},"streamingAudioConfig":{"type":"StreamingAudioConfig","id":4},"customPronunciations":{"type":"CustomPronunciations","id":5},"advancedVoiceOptions":{"type":"AdvancedVoiceOptions","id":7,"options":{"proto3_optional":true}}}},
          StreamingSynthesisInput: {"oneofs":{"inputSource":{"oneof":["text","markup","multiSpeakerMarkup"]},"_prompt":{"oneof":["prompt"]}},"fields":{"text":{"type":"string","id":1},"markup":{"type":"string","id":5},"multiSpeakerMarkup":{"type":"MultiSpeakerMarkup","id":7},"prompt":{"type":"string","id":6,"options":{"proto3_optional":true}}}},
          StreamingSynthesizeRequest: {"oneofs":{"streamingRequest":{"oneof":["streamingConfig","input"]}},"fields":{"streamingConfig":{"type":"StreamingSynthesizeConfig","id":1},"input":{"type":"StreamingSynthesisInput","id":2}}},
          StreamingSynthesizeResponse: {"fields":{"audioContent":{"type":"bytes","id":1}}},
        } },
      } },
    } },
    protobuf: { nested: {
      Any: {"fields":{"type_url":{"type":"string","id":1},"value":{"type":"bytes","id":2}}},
    } },
    rpc: { nested: {
      Status: {"fields":{"code":{"type":"int32","id":1},"message":{"type":"string","id":2},"details":{"rule":"repeated","type":"google.protobuf.Any","id":3}}},
    } },
  } },
} }
