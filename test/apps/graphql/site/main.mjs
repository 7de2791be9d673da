// GraphQL Yoga with its GraphiQL, subscriptions over WebSocket by graphql-ws, as the-guild.dev documents it.
import { createServer } from 'node:http';
import { renderGraphiQL } from '@graphql-yoga/render-graphiql';
import { useServer } from 'graphql-ws/use/ws';
import { createPubSub, createSchema, createYoga } from 'graphql-yoga';
import { WebSocketServer } from 'ws';

const pubSub = createPubSub();
const posts = [];
const schema = createSchema({
  typeDefs: /* GraphQL */ `
    type Post {
      id: ID!
      title: String!
    }
    type Query {
      posts: [Post!]!
    }
    type Mutation {
      addPost(title: String!): Post!
    }
    type Subscription {
      postAdded: Post!
      countdown(from: Int!): Int!
    }
  `,
  resolvers: {
    Query: { posts: () => posts },
    Mutation: {
      addPost: (_, { title }) => {
        const post = { id: String(posts.length + 1), title };
        posts.push(post);
        pubSub.publish('post', post);
        return post;
      },
    },
    Subscription: {
      postAdded: { subscribe: () => pubSub.subscribe('post'), resolve: (post) => post },
      countdown: {
        subscribe: async function* (_, { from }) {
          for (let n = from; n >= 0; n--) {
            yield n;
            await new Promise((done) => setTimeout(done, 50));
          }
        },
        resolve: (n) => n,
      },
    },
  },
});
const yoga = createYoga({
  schema,
  renderGraphiQL,
  landingPage: false,
  graphqlEndpoint: '/',
  graphiql: { subscriptionsProtocol: 'WS' },
});
const server = createServer(yoga);
useServer({ schema }, new WebSocketServer({ server, path: '/' }));
server.listen(Number(process.env.PORT), '127.0.0.1', () => console.log('listening'));
