/** The store is one for the main entry, too: both share their classes. No server is needed to see that. */
exports.openMongooseStore = ({ Mongoose }, { BrokerStore }, { MongooseBrokerStore }) => {
  const mongoose = new Mongoose();
  const store = new MongooseBrokerStore(mongoose.createConnection());
  if (!(store instanceof BrokerStore)) throw new Error('not a BrokerStore');
};
