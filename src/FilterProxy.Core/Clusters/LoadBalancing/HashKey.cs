using System.Net;

namespace FilterProxy.Core.Clusters.LoadBalancing;

/// <summary>What requests are told apart by where the same is to go to the same endpoint.</summary>
/// <param name="template">Of the request; null for the key filters set, else the client's address.</param>
internal sealed class HashKey(Template? template)
{
    /// <summary>The hash of a request's key. Where it has none any number: such requests are spread.</summary>
    public ulong Of(in PickContext context)
    {
        if (template is not null)
        {
            return OfTemplate(context, StableHash.Of);
        }

        return context.Key != 0 ? context.Key : OfClient(context);
    }

    /// <summary>As <see cref="Of(in PickContext)"/>, in 32 bits: CRC-32 of a template's text, as other proxies place it on their rings.</summary>
    public uint Crc32Of(in PickContext context)
    {
        if (template is not null)
        {
            return (uint)OfTemplate(context, static bytes => StableHash.Crc32(bytes));
        }

        var key = context.Key != 0 ? StableHash.Mix(context.Key) : OfClient(context);
        return (uint)(key ^ (key >> 32));
    }

    /// <summary>The hash of the client's address.</summary>
    public static ulong OfClient(in PickContext context)
    {
        var address = context.Exchange is { } exchange
            ? exchange.Downstream.ClientAddress ?? exchange.Downstream.RemoteAddress
            : (context.Connection?.RemoteEndPoint as IPEndPoint)?.Address;
        return address is not null ? StableHash.Of(address)
            : context is { Exchange: null, Connection: null, Key: not 0 } ? context.Key
            : Dice.Next();
    }

    private delegate ulong Hash(ReadOnlySpan<byte> bytes);

    private ulong OfTemplate(in PickContext context, Hash hash)
    {
        var text = TemplateScratch.BeginLine();
        return context.Exchange is { } exchange && template!.TryFormat(exchange, text) ? hash(text.Written) : Dice.Next();
    }
}
