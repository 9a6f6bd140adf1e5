// Generated from openapi.yaml by `npm run generate`. Do not edit.

/** Every operation of the contract: how it is reached and which schemas (by `$id`) its parts have. */
export const operations = {
  createMessage: {
    method: 'POST',
    path: '/v1/messages',
    public: false,
    body: 'MessageRequest',
    querystring: {
      type: 'object',
      additionalProperties: false,
      required: [],
      properties: {
        beta: {
          type: 'string',
        },
      },
    },
    responses: {
      '200': 'Message',
      '400': 'ErrorResponse',
      '401': 'ErrorResponse',
      '403': 'ErrorResponse',
      '404': 'ErrorResponse',
      '413': 'ErrorResponse',
      '429': 'ErrorResponse',
      '500': 'ErrorResponse',
      '502': 'ErrorResponse',
      '503': 'ErrorResponse',
      '504': 'ErrorResponse',
      '529': 'ErrorResponse',
    },
  },
  countMessageTokens: {
    method: 'POST',
    path: '/v1/messages/count_tokens',
    public: false,
    body: 'CountTokensRequest',
    querystring: {
      type: 'object',
      additionalProperties: false,
      required: [],
      properties: {
        beta: {
          type: 'string',
        },
      },
    },
    responses: {
      '200': 'TokenCount',
      '400': 'ErrorResponse',
      '401': 'ErrorResponse',
      '404': 'ErrorResponse',
      '413': 'ErrorResponse',
      '429': 'ErrorResponse',
      '500': 'ErrorResponse',
      '502': 'ErrorResponse',
      '503': 'ErrorResponse',
      '504': 'ErrorResponse',
      '529': 'ErrorResponse',
    },
  },
  createRun: {
    method: 'POST',
    path: '/v1/runs',
    public: false,
    body: 'RunRequest',
    querystring: {
      type: 'object',
      additionalProperties: false,
      required: [],
      properties: {
        beta: {
          type: 'string',
        },
      },
    },
    responses: {
      '200': 'RunResponse',
      '400': 'ErrorResponse',
      '401': 'ErrorResponse',
      '403': 'ErrorResponse',
      '404': 'ErrorResponse',
      '413': 'ErrorResponse',
      '429': 'ErrorResponse',
      '500': 'ErrorResponse',
      '502': 'ErrorResponse',
      '503': 'ErrorResponse',
      '504': 'ErrorResponse',
      '529': 'ErrorResponse',
    },
  },
  streamRun: {
    method: 'POST',
    path: '/v1/runs:stream',
    public: false,
    body: 'RunRequest',
    querystring: {
      type: 'object',
      additionalProperties: false,
      required: [],
      properties: {
        beta: {
          type: 'string',
        },
      },
    },
    responses: {
      '400': 'ErrorResponse',
      '401': 'ErrorResponse',
      '403': 'ErrorResponse',
      '404': 'ErrorResponse',
      '413': 'ErrorResponse',
      '429': 'ErrorResponse',
      '500': 'ErrorResponse',
      '502': 'ErrorResponse',
      '503': 'ErrorResponse',
      '504': 'ErrorResponse',
      '529': 'ErrorResponse',
    },
  },
  openLive: {
    method: 'GET',
    path: '/v1/live',
    public: false,
    responses: {
      '400': 'ErrorResponse',
      '401': 'ErrorResponse',
      '403': 'ErrorResponse',
      '426': 'ErrorResponse',
      '429': 'ErrorResponse',
      '500': 'ErrorResponse',
      '503': 'ErrorResponse',
    },
  },
  listModels: {
    method: 'GET',
    path: '/v1/models',
    public: false,
    querystring: {
      type: 'object',
      additionalProperties: false,
      required: [],
      properties: {
        limit: {
          type: 'integer',
          minimum: 1,
          maximum: 1000,
        },
        after_id: {
          type: 'string',
        },
        before_id: {
          type: 'string',
        },
      },
    },
    responses: {
      '200': 'ModelList',
      '400': 'ErrorResponse',
      '401': 'ErrorResponse',
      '429': 'ErrorResponse',
      '500': 'ErrorResponse',
      '503': 'ErrorResponse',
    },
  },
  getModel: {
    method: 'GET',
    path: '/v1/models/{model_id}',
    public: false,
    params: {
      type: 'object',
      additionalProperties: false,
      required: ['model_id'],
      properties: {
        model_id: {
          type: 'string',
          minLength: 1,
        },
      },
    },
    responses: {
      '200': 'Model',
      '401': 'ErrorResponse',
      '404': 'ErrorResponse',
      '429': 'ErrorResponse',
      '500': 'ErrorResponse',
      '503': 'ErrorResponse',
    },
  },
  getIndex: {
    method: 'GET',
    path: '/',
    public: true,
    responses: {
      '200': 'Index',
      '500': 'ErrorResponse',
    },
  },
  getDemoPage: {
    method: 'GET',
    path: '/demo/page',
    public: true,
    responses: {
      '404': 'ErrorResponse',
      '500': 'ErrorResponse',
    },
  },
  getVoicePage: {
    method: 'GET',
    path: '/demo/voice',
    public: true,
    responses: {
      '404': 'ErrorResponse',
      '500': 'ErrorResponse',
    },
  },
  getLiveness: {
    method: 'GET',
    path: '/healthz',
    public: true,
    responses: {
      '200': 'Health',
      '500': 'ErrorResponse',
    },
  },
  getReadiness: {
    method: 'GET',
    path: '/readyz',
    public: false,
    querystring: {
      type: 'object',
      additionalProperties: false,
      required: [],
      properties: {
        deep: {
          type: 'string',
          enum: ['1'],
        },
      },
    },
    responses: {
      '200': 'Readiness',
      '400': 'ErrorResponse',
      '401': 'ErrorResponse',
      '403': 'ErrorResponse',
      '429': 'ErrorResponse',
      '500': 'ErrorResponse',
      '503': 'Readiness',
    },
  },
  getMetrics: {
    method: 'GET',
    path: '/metrics',
    public: false,
    responses: {
      '401': 'ErrorResponse',
      '403': 'ErrorResponse',
      '404': 'ErrorResponse',
      '429': 'ErrorResponse',
      '500': 'ErrorResponse',
      '503': 'ErrorResponse',
    },
  },
  getOpenApiJson: {
    method: 'GET',
    path: '/openapi.json',
    public: true,
    responses: {
      '500': 'ErrorResponse',
    },
  },
  getOpenApiYaml: {
    method: 'GET',
    path: '/openapi.yaml',
    public: true,
    responses: {
      '500': 'ErrorResponse',
    },
  },
  getAsyncApiJson: {
    method: 'GET',
    path: '/asyncapi.json',
    public: true,
    responses: {
      '500': 'ErrorResponse',
    },
  },
  getAsyncApiYaml: {
    method: 'GET',
    path: '/asyncapi.yaml',
    public: true,
    responses: {
      '500': 'ErrorResponse',
    },
  },
} as const

export type OperationId = keyof typeof operations
