using System.Runtime.CompilerServices;
using System.Text;

namespace FilterProxy.Filters.Cache;

/// <summary>Fetches anew what is sent stale meanwhile (RFC 5861 §3): asks the upstream as it was asked before, and for no client in particular.</summary>
internal sealed class Refresher(StoringPolicy policy, TimeProvider time, long maxObject) : IDisposable
{
    private const int MostAtOnce = 64;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ConditionalWeakTable<Cluster, HttpMessageInvoker> _clients = [];
    private readonly CancellationTokenSource _stop = new();
    private int _running;

    /// <summary>Begins, unless it has begun or too many are under way. Never waits.</summary>
    public void Begin(CacheStore store, Resource.Slot slot)
    {
        if (slot.Response is not { Origin: not null } stored || !stored.TryBeginRefresh())
        {
            return;
        }

        if (Interlocked.Increment(ref _running) > MostAtOnce)
        {
            Interlocked.Decrement(ref _running);
            stored.EndRefresh();
            return;
        }

        // Off the event loop from the first step on.
        ThreadPool.UnsafeQueueUserWorkItem(
            static state => _ = state.Refresher.RunAsync(state.Store, state.Slot, state.Stored),
            (Refresher: this, Store: store, Slot: slot, Stored: stored),
            preferLocal: false);
    }

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
        foreach (var (_, client) in _clients)
        {
            client.Dispose();
        }
    }

    private async Task RunAsync(CacheStore store, Resource.Slot slot, StoredResponse stored)
    {
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            limit.CancelAfter(Patience);
            await FetchAsync(store, slot, stored, limit.Token);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException or UpstreamException or ObjectDisposedException)
        {
            // What is kept stays as it is: stale, and gone once its time has passed.
            stored.EndRefresh();
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }

    private async Task FetchAsync(CacheStore store, Resource.Slot slot, StoredResponse stored, CancellationToken cancel)
    {
        var asked = Now();
        using var request = MessageOf(stored);
        var client = _clients.GetValue(stored.Origin!.Cluster, static cluster => new HttpMessageInvoker(new SocketsHttpHandler
        {
            ConnectCallback = async (_, token) => new ClusterStream(await cluster.ConnectAsync(default, token)),
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
        }));
        using var response = await client.SendAsync(request, cancel);
        var now = Now();
        var fields = FieldsOf(response);
        var status = (int)response.StatusCode;
        if (status == 304)
        {
            Renew(store, slot, policy.TryFreshen(stored, fields, authorized: false, asked, now));
        }
        else if (status < 500)
        {
            // What now depends on other fields must be asked for by a client that has them.
            var same = VaryOf(fields) == VaryOf(stored.Fields);
            var head = same ? policy.TryKeep(status, fields, authorized: false, stored.Vary, asked, now) : null;
            var body = head is null ? null : await ReadAsync(response.Content, cancel);
            Renew(store, slot, body?.Complete() is { } whole ? head! with { Body = whole, Origin = stored.Origin, Uses = stored.Uses } : null);
        }
        else
        {
            stored.EndRefresh();
        }
    }

    private static void Renew(CacheStore store, Resource.Slot slot, StoredResponse? renewed)
    {
        if (renewed is null)
        {
            store.Remove(slot);
        }
        else
        {
            store.Replace(slot, renewed);
        }
    }

    private static HttpRequestMessage MessageOf(StoredResponse stored)
    {
        var origin = stored.Origin!;
        var address = new Uri("http://upstream" + origin.Target, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        var message = new HttpRequestMessage(HttpMethod.Get, address);
        foreach (var field in origin.Fields)
        {
            message.Headers.TryAddWithoutValidation(Encoding.Latin1.GetString(field.Name), Encoding.Latin1.GetString(field.Value));
        }

        message.Headers.Host = origin.Host;
        if (stored.ETag.Length > 0)
        {
            message.Headers.TryAddWithoutValidation("If-None-Match", Encoding.Latin1.GetString(stored.ETag));
        }

        if (stored.LastModified.Length > 0)
        {
            message.Headers.TryAddWithoutValidation("If-Modified-Since", Encoding.Latin1.GetString(stored.LastModified));
        }

        return message;
    }

    private static PreparedFields FieldsOf(HttpResponseMessage response) => PreparedFields.Build(response, static (map, message) =>
    {
        foreach (var (name, values) in message.Headers.NonValidated)
        {
            foreach (var value in values)
            {
                map.Append(name, value);
            }
        }

        foreach (var (name, values) in message.Content.Headers.NonValidated)
        {
            foreach (var value in values)
            {
                map.Append(name, value);
            }
        }
    });

    private static string VaryOf(PreparedFields fields) => fields.TryGet(KnownHeader.Vary, out var vary) ? Encoding.Latin1.GetString(vary) : "";

    private long Now() => time.GetUtcNow().ToUnixTimeMilliseconds();

    private async Task<Recording?> ReadAsync(HttpContent content, CancellationToken cancel)
    {
        var recording = new Recording(content.Headers.ContentLength);
        var buffer = new byte[16 * 1024];
        await using var stream = await content.ReadAsStreamAsync(cancel);
        while (true)
        {
            var count = await stream.ReadAsync(buffer, cancel);
            if (count == 0)
            {
                return recording;
            }

            recording.Write(buffer.AsSpan(0, count));
            if (recording.Length > maxObject)
            {
                return null;
            }
        }
    }
}
