/* One story of MQTT.js with the broker: node story.js NAME JSON. Prints `done`, or says what went wrong and fails.
 *
 * The JSON has `url`, `version` (3, 4 or 5), `qos` and, where a story needs them, `ca`, `cert`, `key`. */
'use strict';

const assert = require('assert');
const fs = require('fs');
const path = require('path');
const readline = require('readline');

const mqtt = require(path.join(process.env.MQTTJS, 'node_modules', 'mqtt'));

const [name, json] = process.argv.slice(2);
const given = JSON.parse(json);

function options(more) {
    const version = given.version === 3 ? {protocolId: 'MQIsdp', protocolVersion: 3} : {protocolVersion: given.version};
    const files = {};
    for (const kind of ['ca', 'cert', 'key']) {
        if (given[kind]) files[kind] = fs.readFileSync(given[kind]);
    }
    return {...version, ...files, connectTimeout: 5000, reconnectPeriod: 0, ...more};
}

/* A client with what it received, and with events to wait for. */
class Client {
    constructor(more) {
        this.received = [];
        this.waiting = [];
        this.mqtt = mqtt.connect(given.url, options(more));
        this.mqtt.on('message', (topic, payload, packet) => {
            this.received.push({topic, payload, packet});
            this.waiting.splice(0).forEach((wake) => wake());
        });
    }

    on(event) {
        return new Promise((resolve, reject) => {
            this.mqtt.once(event, resolve);
            if (event !== 'error') this.mqtt.once('error', reject);
        });
    }

    async next() {
        while (this.received.length === 0) await new Promise((resolve) => this.waiting.push(resolve));
        return this.received.shift();
    }

    static async connected(more) {
        const client = new Client(more);
        client.connack = await client.on('connect');
        return client;
    }
}

const stories = {
    async talk() {
        const one = await Client.connected();
        const two = await Client.connected();
        const granted = await one.mqtt.subscribeAsync('room/+', {qos: given.qos});
        assert.strictEqual(granted[0].qos, given.qos);
        // MQTT.js does not look at the Receive Maximum it is told; of QoS 2 it sends no more than that here.
        const most = given.version === 5 && given.qos === 2 ? two.connack.properties.receiveMaximum : 200;
        for (let n = 0; n < most; n++) two.mqtt.publish('room/a', `m${n}`, {qos: given.qos});
        for (let n = 0; n < most; n++) {
            const got = await one.next();
            assert.strictEqual(got.payload.toString(), `m${n}`);
            assert.strictEqual(got.packet.qos, given.qos);
        }
        await one.mqtt.unsubscribeAsync('room/+');
        await two.mqtt.publishAsync('room/a', 'late', {qos: given.qos});
        await Promise.all([one.mqtt.endAsync(), two.mqtt.endAsync()]);
        assert.strictEqual(one.received.length, 0);
    },

    async retained() {
        const client = await Client.connected();
        await client.mqtt.publishAsync('kept/a', 'stays', {qos: 1, retain: true});
        await client.mqtt.subscribeAsync('kept/#', {qos: 1});
        const got = await client.next();
        assert.strictEqual(got.payload.toString(), 'stays');
        assert.strictEqual(got.packet.retain, true);
        await client.mqtt.publishAsync('kept/a', '', {qos: 1, retain: true});
        await client.mqtt.endAsync();
    },

    async will() {
        const witness = await Client.connected();
        await witness.mqtt.subscribeAsync('wills', {qos: 2});
        const dying = await Client.connected({will: {topic: 'wills', payload: 'gone', qos: given.qos}});
        dying.mqtt.stream.destroy();
        const got = await witness.next();
        assert.strictEqual(got.payload.toString(), 'gone');
        assert.strictEqual(got.packet.qos, given.qos);
        const leaving = await Client.connected({will: {topic: 'wills', payload: 'wrong', qos: given.qos}});
        await leaving.mqtt.endAsync();
        await witness.mqtt.publishAsync('wills', 'nobody died');
        assert.strictEqual((await witness.next()).payload.toString(), 'nobody died');
        await witness.mqtt.endAsync();
    },

    async durable() {
        const session = {clean: false, clientId: `js-${given.version}-${given.qos}`,
                         properties: given.version === 5 ? {sessionExpiryInterval: 600} : undefined};
        const first = await Client.connected(session);
        assert.strictEqual(first.connack.sessionPresent, false);
        await first.mqtt.subscribeAsync('missed', {qos: given.qos});
        await first.mqtt.endAsync();
        const other = await Client.connected();
        for (let n = 0; n < 30; n++) await other.mqtt.publishAsync('missed', `${n}`, {qos: given.qos});
        await other.mqtt.endAsync();
        const again = await Client.connected(session);
        assert.strictEqual(again.connack.sessionPresent, true);
        for (let n = 0; n < 30; n++) assert.strictEqual((await again.next()).payload.toString(), `${n}`);
        await again.mqtt.endAsync();
    },

    async properties() {
        const client = await Client.connected();
        await client.mqtt.subscribeAsync('p', {qos: 1, rap: true, properties: {subscriptionIdentifier: 9}});
        const sent = {contentType: 'text/plain', responseTopic: 'answer', correlationData: Buffer.from([0, 1]),
                      payloadFormatIndicator: true, userProperties: {a: ['1', '2'], b: '3'}};
        await client.mqtt.publishAsync('p', 'x', {qos: 1, properties: sent});
        const {properties} = (await client.next()).packet;
        assert.deepStrictEqual({...properties.userProperties}, sent.userProperties);
        assert.strictEqual(properties.contentType, 'text/plain');
        assert.strictEqual(properties.responseTopic, 'answer');
        assert.deepStrictEqual(properties.correlationData, sent.correlationData);
        assert.strictEqual(properties.subscriptionIdentifier, 9);
        await client.mqtt.endAsync();
    },

    async refused() {
        const client = new Client();
        const error = await client.on('error');
        assert.ok(error.code === given.code || error.message.includes(given.code), `${error.code} ${error.message}`);
        client.mqtt.end(true);
    },

    /* Says `ready`, waits for a line - by then the broker has gone and come - and for its messages. */
    async restart() {
        const client = await Client.connected({reconnectPeriod: 100, resubscribe: true});
        await client.mqtt.subscribeAsync('after/#', {qos: 1});
        const line = new Promise((resolve) => readline.createInterface({input: process.stdin}).once('line', resolve));
        const back = new Promise((resolve) => client.mqtt.once('close', () => client.mqtt.once('connect', resolve)));
        client.mqtt.on('error', () => {});
        console.log('ready');
        await line;
        await back;
        await client.mqtt.publishAsync('after/restart', 'still here', {qos: 1});
        assert.strictEqual((await client.next()).payload.toString(), 'still here');
        await client.mqtt.endAsync();
        process.stdin.destroy();
    },
};

const patience = setTimeout(() => {
    console.error(`${name}: nothing happens any more`);
    process.exit(1);
}, 15000);

stories[name]().then(
    () => {
        clearTimeout(patience);
        console.log('done');
    },
    (error) => {
        console.error(error);
        process.exit(1);
    });
