using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using FilterProxy.Core.Config.Addresses;
using FilterProxy.Host.Admin;

namespace FilterProxy.Host.Commands;

/// <summary>Asks the admin API of a running proxy.</summary>
internal sealed class AdminClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly HttpClient _http;

    /// <param name="address">As the configuration or a command line has it.</param>
    /// <param name="token">Null for none.</param>
    /// <exception cref="CommandException">Nothing can be there.</exception>
    public AdminClient(string address, string? token)
    {
        var text = address.StartsWith("http://", StringComparison.Ordinal) ? address["http://".Length..].TrimEnd('/') : address;
        var parsed = ListenAddress.TryParse(text, out var endPoint, out var error);
        if (!parsed && TryName(text, out var named))
        {
            (parsed, endPoint) = (true, named);
        }

        if (!parsed || PortOf(endPoint) == 0)
        {
            throw new CommandException(ExitCode.Failure, parsed ? $"'{address}' has no port to connect to: give the real one with --admin" : error);
        }

        Address = address;
        _http = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectTimeout = Patience,
            ConnectCallback = (_, cancel) => ConnectAsync(endPoint, cancel),
        })
        {
            BaseAddress = new Uri($"http://{HostOf(endPoint)}/"),
            Timeout = Timeout.InfiniteTimeSpan,
        };
        if (token is { Length: > 0 })
        {
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }
    }

    public string Address { get; }

    /// <summary>Reads something.</summary>
    /// <exception cref="CommandException">It is not there, or not answered.</exception>
    public Task<T> GetAsync<T>(string path, CancellationToken cancel) => AskAsync(
        new HttpRequestMessage(HttpMethod.Get, path), async (response, stop) => (await response.Content.ReadFromJsonAsync(AdminJson.Of<T>(), stop))!, cancel);

    /// <inheritdoc cref="GetAsync"/>
    public Task<string> GetTextAsync(string path, CancellationToken cancel) =>
        AskAsync(new HttpRequestMessage(HttpMethod.Get, path), (response, stop) => response.Content.ReadAsStringAsync(stop), cancel);

    /// <summary>Changes something.</summary>
    /// <exception cref="CommandException">It is refused, or not answered.</exception>
    public Task<AdminDone> PostAsync(string path, CancellationToken cancel) => AskAsync(
        new HttpRequestMessage(HttpMethod.Post, path),
        async (response, stop) => (await response.Content.ReadFromJsonAsync(AdminJson.Default.AdminDone, stop))!,
        cancel);

    /// <summary>The lines of an answer that goes on until one side ends it.</summary>
    /// <exception cref="CommandException">It is refused, or not answered.</exception>
    public async Task<StreamReader> FollowAsync(string path, CancellationToken cancel)
    {
        HttpResponseMessage response;
        try
        {
            response = await _http.SendAsync(new HttpRequestMessage(HttpMethod.Get, path), HttpCompletionOption.ResponseHeadersRead, cancel);
        }
        catch (HttpRequestException e)
        {
            throw Unreachable(e);
        }

        await CheckAsync(response, cancel);
        return new StreamReader(await response.Content.ReadAsStreamAsync(cancel));
    }

    public void Dispose() => _http.Dispose();

    private async Task<T> AskAsync<T>(HttpRequestMessage request, Func<HttpResponseMessage, CancellationToken, Task<T>> read, CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(Patience);
        try
        {
            using var asked = request;
            using var response = await _http.SendAsync(request, patience.Token);
            await CheckAsync(response, patience.Token);
            return await read(response, patience.Token);
        }
        catch (HttpRequestException e)
        {
            throw Unreachable(e);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new CommandException(ExitCode.Unreachable, $"the admin API at {Address} does not answer");
        }
        catch (JsonException)
        {
            throw new CommandException(ExitCode.Unreachable, $"what answers at {Address} is no admin API of this version");
        }
    }

    private CommandException Unreachable(HttpRequestException e) =>
        new(ExitCode.Unreachable, $"no admin API answers at {Address}: {(e.InnerException ?? e).Message}");

    private static async Task CheckAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        if (response.IsSuccessStatusCode)
        {
            return;
        }

        AdminError? error = null;
        try
        {
            error = await response.Content.ReadFromJsonAsync(AdminJson.Default.AdminError, cancel);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Somebody else's answer.
        }

        throw new CommandException(
            ExitCode.Refused, error is null ? string.Create(CultureInfo.InvariantCulture, $"the answer is {(int)response.StatusCode}") : $"{error.Message} ({error.Error})");
    }

    private static async ValueTask<Stream> ConnectAsync(EndPoint endPoint, CancellationToken cancel)
    {
        var socket = endPoint is UnixDomainSocketEndPoint
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(Reachable(endPoint), cancel);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    // Who listens on every address is reached on one of them.
    private static EndPoint Reachable(EndPoint endPoint) => endPoint switch
    {
        IPEndPoint { Address: var any } ip when any.Equals(IPAddress.Any) => new IPEndPoint(IPAddress.Loopback, ip.Port),
        IPEndPoint { Address: var any } ip when any.Equals(IPAddress.IPv6Any) => new IPEndPoint(IPAddress.IPv6Loopback, ip.Port),
        _ => endPoint,
    };

    private static int PortOf(EndPoint endPoint) => endPoint switch
    {
        IPEndPoint ip => ip.Port,
        DnsEndPoint dns => dns.Port,
        _ => -1,
    };

    private static string HostOf(EndPoint endPoint) => Reachable(endPoint) switch
    {
        IPEndPoint ip => ip.ToString(),
        DnsEndPoint dns => string.Create(CultureInfo.InvariantCulture, $"{dns.Host}:{dns.Port}"),
        _ => "localhost",
    };

    // What cannot be listened on by name can be connected to.
    private static bool TryName(string text, out EndPoint endPoint)
    {
        var named = ListenAddress.TrySplit(text, out var host, out var port) && Uri.CheckHostName(host) == UriHostNameType.Dns;
        endPoint = named ? new DnsEndPoint(host, port) : new IPEndPoint(IPAddress.None, 0);
        return named;
    }
}
