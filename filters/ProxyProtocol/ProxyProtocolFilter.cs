using System.Diagnostics.Metrics;
using System.IO.Pipelines;
using System.Net;
using FilterProxy.Filters.Streams;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.ProxyProtocol;

/// <summary>
/// Reads the PROXY protocol header a trusted proxy sends first, and gives the connection the addresses it tells. Stands before
/// <c>tls</c>, or behind it where the proxy in front speaks TLS to this one.
/// </summary>
[Component("proxy_protocol")]
public sealed class ProxyProtocolFilter(ProxyProtocolOptions options, ComponentContext context) : IConnectionFilter
{
    private readonly Counter<long> _connections = context.Meter.CreateCounter<long>(
        "filterproxy.proxy_protocol.connections", "{connection}", "Connections a proxy_protocol filter saw, by what became of their header.");

    private readonly Complaints _complaints = new(context.Logger, context.Time);
    private readonly int _maxSize = (int)options.MaxSize.Bytes;

    /// <inheritdoc/>
    public bool WaitsWithoutReading => false;

    /// <inheritdoc/>
    public bool TellsClient(ConnectionContext connection) => IsTrusted(connection.RemoteEndPoint);

    /// <inheritdoc/>
    public async Task OnConnectionAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var outcome = IsTrusted(connection.RemoteEndPoint) ? await ReadAsync(connection)
            : options.Untrusted == UntrustedPolicy.Pass ? Outcome.UntrustedPassed
            : Outcome.Untrusted;
        _connections.Add(1, new KeyValuePair<string, object?>("outcome", Outcomes.NameOf(outcome)));
        if (Outcomes.IsServed(outcome))
        {
            await next(connection);
            return;
        }

        _complaints.Say(outcome, connection.RemoteEndPoint);
        ConnectionReport.End(connection, $"proxy_protocol_{Outcomes.NameOf(outcome)}");
        connection.Abort(new ConnectionAbortedException("The connection has no acceptable PROXY protocol header."));
    }

    private async Task<Outcome> ReadAsync(ConnectionContext connection)
    {
        var input = connection.Transport.Input;
        using var deadline = new ReadDeadline(input, context.Time, options.Timeout);
        try
        {
            var outcome = await ReadHeaderAsync(connection, input);

            // A deadline that passed has cancelled a read, perhaps one that is yet to come: nobody after us may meet it.
            return deadline.TryEnd() ? outcome : Outcome.Timeout;
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            return deadline.TryEnd() ? Outcome.Closed : Outcome.Timeout;
        }
    }

    private async Task<Outcome> ReadHeaderAsync(ConnectionContext connection, PipeReader input)
    {
        while (true)
        {
            var read = await input.ReadAsync();
            var status = HeaderReader.Read(read.Buffer, _maxSize, connection.RemoteEndPoint, out var header, out var length);
            switch (status)
            {
                case HeaderStatus.Complete:
                    input.AdvanceTo(read.Buffer.GetPosition(length));
                    return Accept(connection, header!);

                case HeaderStatus.NoHeader when !options.Required:
                    input.AdvanceTo(read.Buffer.Start);
                    return Outcome.None;

                case HeaderStatus.NeedMore when read.IsCanceled:
                    input.AdvanceTo(read.Buffer.Start);
                    return Outcome.Timeout;

                case HeaderStatus.NeedMore when !read.IsCompleted:
                    input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                    break;

                default:
                    input.AdvanceTo(read.Buffer.End);
                    return status switch
                    {
                        HeaderStatus.NeedMore => Outcome.Closed,
                        HeaderStatus.NoHeader => Outcome.Missing,
                        HeaderStatus.TooLarge => Outcome.TooLarge,
                        _ => Outcome.Malformed,
                    };
            }
        }
    }

    private static Outcome Accept(ConnectionContext connection, ProxyProtocolHeader header)
    {
        connection.Features.Set(header);
        if (header.Source is not null || header.Destination is not null)
        {
            // One may be null, an unnamed unix socket: the sender's own address would be wrong there.
            connection.RemoteEndPoint = header.Source;
            connection.LocalEndPoint = header.Destination;
        }

        return header.IsLocal ? Outcome.Local : header.Version == 1 ? Outcome.V1 : Outcome.V2;
    }

    private bool IsTrusted(EndPoint? peer)
    {
        if (peer is not IPEndPoint { Address: var address })
        {
            return true;
        }

        address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        foreach (var network in options.Trusted)
        {
            if (network.Contains(address))
            {
                return true;
            }
        }

        return false;
    }
}
