using System.Security.Cryptography;
using System.Text;

namespace FilterProxy.Filters.Resp;

/// <summary>A Lua script that is called by its hash; a server that does not know it is given it once.</summary>
internal sealed class RespScript
{
    public RespScript(string source)
    {
        Load = new RespCommand(3).Add("SCRIPT"u8).Add("LOAD"u8).Add(Encoding.UTF8.GetBytes(source));
#pragma warning disable CA5350 // The server names scripts so; nothing is secured by it.
        Hash = Encoding.ASCII.GetBytes(Convert.ToHexStringLower(SHA1.HashData(Encoding.UTF8.GetBytes(source))));
#pragma warning restore CA5350
    }

    /// <summary>What the server calls it.</summary>
    public ReadOnlyMemory<byte> Hash { get; }

    /// <summary>Gives it to a server.</summary>
    public RespCommand Load { get; }

    /// <summary>A call, to which the keys and then the other arguments are to be added.</summary>
    public RespCommand Call(int keys, int arguments) =>
        new RespCommand(3 + keys + arguments) { Script = this }.Add("EVALSHA"u8).Add(Hash.Span).Add(keys);
}
