package contract_test

// richSpec is a document of OpenAPI 3.0 with what the contract does not use.
const richSpec = `
openapi: 3.0.3
info: {title: Orders, version: "1"}
servers: [{url: "https://orders.example.com"}]
security: [{bearerAuth: []}]
paths:
  /shops/{shop}/orders:
    parameters:
      - {name: shop, in: path, required: true, example: 12, schema: {type: integer, minimum: 1}}
    post:
      parameters:
        - {name: X-Trace, in: header, example: abcd, schema: {type: string, minLength: 4}}
        - {name: theme, in: cookie, example: dark, schema: {type: string, enum: [dark, light]}}
      requestBody:
        required: true
        content:
          application/json: {schema: {$ref: "#/components/schemas/Order"}, examples: {order: {$ref: "#/components/examples/NewOrder"}}}
          application/x-www-form-urlencoded:
            schema: {type: object, required: [item], properties: {item: {type: string, minLength: 2}, count: {type: integer}}}
            example: item=tea&count=2
          text/plain: {schema: {type: string, pattern: "^tea"}, example: tea for two}
      responses:
        "201":
          description: The order.
          headers:
            Location: {required: true, example: /orders/1, schema: {type: string, pattern: ^/}}
            X-Counts: {example: "1,2", schema: {type: array, items: {type: integer}}}
          content:
            application/json: {schema: {$ref: "#/components/schemas/Order"}, examples: {order: {$ref: "#/components/examples/Order"}}}
        2XX:
          description: Another success.
          content:
            application/vnd.shop+json: {schema: {$ref: "#/components/schemas/Order"}, examples: {order: {$ref: "#/components/examples/Order"}}}
            text/*: {schema: {type: string, maxLength: 20}, example: taken}
        4XX: {$ref: "#/components/responses/Problem"}
    get:
      parameters:
        - {name: limit, in: query, example: 10, schema: {type: integer, minimum: 1, maximum: 100}}
        - {name: state, in: query, required: true, explode: false, example: "open,sent", schema: {type: array, minItems: 1, items: {$ref: "#/components/schemas/State"}}}
      responses:
        "200":
          description: Orders.
          content:
            application/json:
              schema: {type: array, uniqueItems: true, maxItems: 3, items: {$ref: "#/components/schemas/Order"}}
              examples: {orders: {$ref: "#/components/examples/Orders"}}
            application/octet-stream: {schema: {type: string, format: binary}, example: bytes}
        "204": {description: No orders.}
        default: {$ref: "#/components/responses/Problem"}
  /single: # one thing that a schema may say of a text, or of its variants, a response
    post:
      requestBody: {content: {application/json: {schema: {type: object, properties: {a: {type: string, readOnly: true}}}, example: {b: 1}}}}
      responses:
        "200": {description: D, content: {application/json: {schema: {properties: {a: {type: string, format: date}}}, example: {a: "2026-01-02"}}}}
        "201": {description: D, content: {application/json: {schema: {additionalProperties: {type: string, maxLength: 2}}, example: {a: x}}}}
        "202": {description: D, content: {application/json: {schema: {type: array, uniqueItems: true, items: {type: string}}, example: [x, y]}}}
        "203": {description: D, content: {application/json: {schema: {items: {enum: [x, 1]}}, example: [x, 1]}}}
        "205": {description: D, content: {application/json: {schema: {type: string, minLength: 1}, example: x}}}
        "206": {description: D, content: {application/json: {schema: {required: [b], anyOf: [{required: [a]}, {required: [c]}]}, example: {a: 1, b: 1}}}}
        "400": {description: D, content: {application/json: {schema: {nullable: true, anyOf: [{type: object, required: [a]}, {type: integer}]}, example: {a: 1}}}}
        "401": {description: D, content: {application/json: {schema: {anyOf: [{$ref: "#/components/schemas/Post"}, {$ref: "#/components/schemas/Pickup"}],
          discriminator: {propertyName: by, mapping: {post: "#/components/schemas/Post", pickup: "#/components/schemas/Pickup"}}}, example: {by: post, street: x}}}}
        "402": {description: D, content: {application/json: {schema: {type: object, properties: {a: {type: string, writeOnly: true}}}, example: {b: x}}}}
        "404": {description: D, content: {application/json: {schema: {anyOf: [{type: object, properties: {a: {type: string, writeOnly: true}}}, {type: integer}]}, example: {b: x}}}}
        "409": {description: D, content: {application/json: {schema: {not: {properties: {a: {pattern: ^x}}, required: [a]}}, example: {a: y}}}}
        "410":
          description: Two variants, and variants inside.
          content:
            application/json:
              schema:
                anyOf:
                  - {type: object, required: [a], properties: {a: {type: boolean, enum: [true]}, b: {type: array, items: {type: array, items: {type: string, pattern: ^x}}}}}
                  - {type: object, required: [c, a], properties: {c: {type: string, pattern: '^A|\\'}, d: {anyOf: [{type: boolean}, {type: array, items: {type: boolean}}, {type: object}]}}}
              examples: {one: {value: {a: true, b: [[x], [], [xx, x]]}}, other: {value: {c: A, a: null, d: [true], e: 1}}, third: {value: {c: 'a\', a: 1, d: {b: 1}}}}
        "412": {description: D, content: {application/json: {schema: {type: object, additionalProperties: {}, properties: {a: {type: boolean, not: {}}}}, example: {b: 1}}}}
        "413": {description: D, content: {application/json: {schema: {type: object, oneOf: [{}], properties: {b: {type: array, items: {}, example: [1]}}}, example: {b: [1]}}}}
        "414": {description: D, content: {application/json: {schema: {anyOf: [{type: boolean, enum: [false]}, {type: string, allOf: [{pattern: ^x}]}], title: T}, example: x}}}
        "415": {description: D, content: {application/json: {schema: {properties: {d: {anyOf: [{type: boolean}, {type: array, items: {}}, {type: number}]}, e: {}}}, example: {d: 2.5, e: 1}}}}
        "411": {description: D, content: {application/json: {schema: {$ref: "#/components/schemas/Tree"}, example: {leaf: true, tree: {leaf: false, trees: [{leaf: true}]}}}}}
components:
  securitySchemes: {bearerAuth: {type: http, scheme: bearer}}
  responses:
    Problem:
      description: A problem.
      content:
        application/problem+json:
          schema:
            type: object
            required: [title]
            additionalProperties: false
            properties: {title: {type: string}, status: {type: integer, minimum: 400}, detail: {type: string, nullable: true}}
          example: {title: Gone, status: 410, detail: null}
  schemas:
    State: {type: string, enum: [open, sent, paid]}
    Tree: {type: object, required: [leaf], properties: {leaf: {type: boolean}, tree: {$ref: "#/components/schemas/Tree"}, trees: {type: array, items: {$ref: "#/components/schemas/Tree"}}}}
    Order:
      allOf:
        - $ref: "#/components/schemas/Entity"
        - type: object
          required: [state, lines, payment, secret]
          properties:
            state: {$ref: "#/components/schemas/State"}
            lines: {type: array, minItems: 1, items: {$ref: "#/components/schemas/Line"}}
            payment:
              oneOf:
                - $ref: "#/components/schemas/Card"
                - $ref: "#/components/schemas/Transfer"
            gift:
              nullable: true
              anyOf: [{type: string, format: email}, {type: object, required: [to], properties: {to: {type: string}}}, {type: integer, multipleOf: 5}]
            labels: {type: object, maxProperties: 2, additionalProperties: {type: string, maxLength: 5}}
            shipping: {$ref: "#/components/schemas/Shipping"}
            secret: {type: string, writeOnly: true}
            not_a_word: {not: {type: string}}
    Entity:
      type: object
      required: [id]
      properties: {id: {type: string, format: uuid, readOnly: true}, made: {type: string, format: date-time}, day: {type: string, format: date}}
    Line:
      type: object
      required: [sku]
      additionalProperties: false
      properties:
        sku: {type: string, pattern: "^[a-z]{2}$"}
        count: {type: integer, format: int32, default: 1, minimum: 0, exclusiveMinimum: true}
        price: {type: number, maximum: 1000}
        parts: {type: array, items: {$ref: "#/components/schemas/Line"}}
    Card: {type: object, required: [card], properties: {card: {type: string, minLength: 3}, kind: {type: string}}}
    Transfer: {type: object, required: [iban], properties: {iban: {type: string}, kind: {type: string}}}
    Shipping:
      oneOf: [{$ref: "#/components/schemas/Post"}, {$ref: "#/components/schemas/Pickup"}]
      discriminator: {propertyName: by, mapping: {post: "#/components/schemas/Post", pickup: "#/components/schemas/Pickup"}}
    Post: {type: object, required: [by, street], properties: {by: {type: string}, street: {type: string}}}
    Pickup: {type: object, required: [by, until], properties: {by: {type: string}, until: {type: integer}}}
  examples:
    NewOrder:
      value: &new
        state: open
        lines: [{sku: te, count: 2, price: 3.5, parts: [{sku: ab}]}, {sku: co}]
        payment: {card: "1234", kind: blue}
        gift: {to: someone}
        labels: {a: b}
        shipping: {by: post, street: Long Road}
        secret: made up
    Order: {value: &order {id: 3f2504e0-4f89-41d3-9a0c-0305e82c3301, made: "2026-01-02T03:04:05Z", day: "2026-01-02", state: sent, lines: [{sku: te}], payment: {iban: made up}, gift: null, shipping: {by: pickup, until: 5}, not_a_word: 5}}
    Orders: {value: [*order, {id: 3f2504e0-4f89-41d3-9a0c-0305e82c3302, state: paid, lines: [{sku: te}], payment: {card: "123"}, gift: 10}]}
`

// newSpec is a document of OpenAPI 3.1, with what 3.0 does not have.
const newSpec = `
openapi: 3.1.0
info: {title: Notes, version: "1"}
servers: [{url: "https://notes.example.com"}]
security: [{bearerAuth: []}]
paths:
  /notes/{note}:
    parameters:
      - {name: note, in: path, required: true, example: 12, schema: {type: [integer, "null"]}}
      - {name: part, in: query, example: head, schema: {const: head}}
    put:
      requestBody:
        content: {application/json: {schema: {$ref: "#/components/schemas/Note"}, example: {kind: note, title: null, tags: [a, 1], size: 5}}}
      responses:
        "200":
          description: The note.
          content: {application/json: {schema: {$ref: "#/components/schemas/Note"}, example: {kind: note, title: Tea, tags: [a, 2], more: {x_a: 1}}}}
        "201":
          description: The note, in one of two variants.
          content:
            application/json:
              schema: {anyOf: [{$ref: "#/components/schemas/Short"}, {$ref: "#/components/schemas/Long"}]}
              examples: {short: {value: {short: a}}, long: {value: {long: [a, b], at: "2026-01-02"}}}
        default: {description: Anything else.}
    get:
      responses:
        "200":
          description: The note in one of two variants.
          headers: {X-Size: {example: 3, schema: {type: [integer, "null"], exclusiveMinimum: 0}}}
          content:
            application/json:
              schema: {anyOf: [{$ref: "#/components/schemas/Note"}, {$ref: "#/components/schemas/Short"}, {type: "null"}]}
              examples: {note: {value: {kind: note, title: null, tags: [b, 3]}}, short: {value: {short: b}}, nothing: {value: {short: a}}}
components:
  securitySchemes: {bearerAuth: {type: http, scheme: bearer}}
  schemas:
    Note:
      type: object
      required: [kind, title]
      properties:
        kind: {const: note}
        title: {type: [string, "null"], maxLength: 10}
        tags: {type: array, prefixItems: [{type: string}, {type: integer}], items: false}
        more: {type: object, patternProperties: {"^x_": {type: integer}}, additionalProperties: false}
        size: {type: integer, exclusiveMinimum: 0}
      dependentRequired: {size: [tags]}
      if: {required: [more]}
      then: {required: [tags]}
    Short: {type: object, required: [short], properties: {short: {type: string, enum: [a, b]}, size: {type: integer, writeOnly: true}, at: {type: string, format: date, readOnly: true}}}
    Long: {type: object, required: [long], additionalProperties: false, properties: {long: {type: array, minItems: 1, items: {type: string}}, at: {type: string, format: date, readOnly: true}}}
`
