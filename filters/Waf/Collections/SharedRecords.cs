using System.Globalization;
using System.Text;
using FilterProxy.Filters.Resp;
using FilterProxy.Filters.Waf.Language;

namespace FilterProxy.Filters.Waf.Collections;

/// <summary>
/// The records of all instances, each a hash of redis. One is read when a rule opens it, and what rules change is sent at once: sums as sums, so
/// that two instances count what both saw. While redis is away each goes on with what it knows.
/// </summary>
/// <param name="redis">The client, which it owns.</param>
/// <param name="prefix">What the names of the hashes begin with.</param>
/// <param name="timeout">How long a record is kept that nobody changes.</param>
/// <param name="time">The clock.</param>
/// <param name="onFailure">Is called for each command that was not done.</param>
internal sealed class SharedRecords(RespClient redis, string prefix, TimeSpan timeout, TimeProvider time, Action onFailure) : IDisposable
{
    // What comes before the name of a value, and of the time it expires at (milliseconds since 1970).
    private const char Text = 'v';
    private const char Expiry = 'x';

    /// <summary>Takes over what is known of a record.</summary>
    public async Task LoadAsync(PersistentRecord record)
    {
        var reply = await redis.SendAsync(Command(2, "HGETALL"u8, record));
        if (!reply.IsDone || reply.Value.Kind is not (RespKind.Map or RespKind.Array))
        {
            onFailure();
            return;
        }

        var texts = new Dictionary<string, (string Text, DateTimeOffset Expires)>(StringComparer.OrdinalIgnoreCase);
        var expiries = new List<(string Name, DateTimeOffset At)>();
        var items = reply.Value.Items;
        for (var i = 0; i + 1 < items.Length; i += 2)
        {
            var (field, text) = (Encoding.Latin1.GetString(items[i].Bytes), Encoding.Latin1.GetString(items[i + 1].Bytes));
            if (field is [Text, .. var name])
            {
                texts[name] = (text, DateTimeOffset.MaxValue);
            }
            else if (field is [Expiry, .. var expiring] && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var at)
                && at < DateTimeOffset.MaxValue.ToUnixTimeMilliseconds())
            {
                expiries.Add((expiring, DateTimeOffset.FromUnixTimeMilliseconds(at)));
            }
        }

        foreach (var (name, at) in expiries)
        {
            if (texts.TryGetValue(name, out var value))
            {
                texts[name] = (value.Text, at);
            }
        }

        record.Replace(texts);
    }

    public void Add(PersistentRecord record, string name, long amount) => Send(record, Command(4, "HINCRBY"u8, record).Add(Field(Text, name)).Add(amount));

    /// <param name="record">Whose value.</param>
    /// <param name="name">Which value.</param>
    /// <param name="text">What it is now; null for none.</param>
    public void Assign(PersistentRecord record, string name, string? text) => Send(
        record,
        text is null
            ? Command(4, "HDEL"u8, record).Add(Field(Text, name)).Add(Field(Expiry, name))
            : Command(4, "HSET"u8, record).Add(Field(Text, name)).Add(Encoding.Latin1.GetBytes(text)));

    public void Expire(PersistentRecord record, string name, long seconds) => Send(
        record,
        Command(4, "HSET"u8, record).Add(Field(Expiry, name)).Add(time.GetUtcNow().AddSeconds(seconds).ToUnixTimeMilliseconds()));

    public void Dispose() => redis.Dispose();

    private static byte[] Field(char kind, string name) => Encoding.Latin1.GetBytes(kind + name.ToLowerInvariant());

    private RespCommand Command(int arguments, ReadOnlySpan<byte> name, PersistentRecord record) =>
        new RespCommand(arguments).Add(name).AddKey(Encoding.Latin1.GetBytes($"{prefix}{Variables.NameOf(record.Collection)}:{record.Key}"));

    // Nobody waits: commands of one key follow each other on one connection, and so does the next read.
    private void Send(PersistentRecord record, RespCommand command)
    {
        _ = WatchAsync(command);
        _ = WatchAsync(Command(3, "EXPIRE"u8, record).Add((long)timeout.TotalSeconds));
    }

    private async Task WatchAsync(RespCommand command)
    {
        if (!(await redis.SendAsync(command)).IsDone)
        {
            onFailure();
        }
    }
}
