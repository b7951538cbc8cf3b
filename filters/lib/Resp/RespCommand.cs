using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace FilterProxy.Filters.Resp;

/// <summary>
/// A command as it is sent: an array of byte strings, so that no argument can be taken for another. Its owner may send it several times,
/// also at the same time, once all arguments are there.
/// </summary>
internal sealed class RespCommand
{
    private readonly ArrayBufferWriter<byte> _bytes = new(128);
    private int _missing;

    /// <param name="arguments">How many there will be, the command's name included.</param>
    public RespCommand(int arguments)
    {
        _missing = arguments;
        WriteHead((byte)'*', arguments);
    }

    /// <summary>Where it belongs in a redis cluster: the slot of its first key; -1 for anywhere.</summary>
    public int Slot { get; private set; } = -1;

    /// <summary>The script it calls; null for none.</summary>
    public RespScript? Script { get; init; }

    /// <summary>The encoded command.</summary>
    /// <exception cref="InvalidOperationException">There are not as many arguments as were announced: all answers after it would go to the wrong commands.</exception>
    public ReadOnlySpan<byte> Encoded => _missing == 0 ? _bytes.WrittenSpan : throw new InvalidOperationException($"{_missing} arguments of a command are missing");

    /// <summary>A command of texts alone; one with keys is made with <see cref="AddKey(string)"/>.</summary>
    public static RespCommand Of(params ReadOnlySpan<string> arguments)
    {
        var command = new RespCommand(arguments.Length);
        foreach (var argument in arguments)
        {
            command.Add(argument);
        }

        return command;
    }

    /// <summary>Adds a key: it says which node of a redis cluster is asked.</summary>
    public RespCommand AddKey(ReadOnlySpan<byte> key)
    {
        Slot = Slot < 0 ? RespSlots.Of(key) : Slot;
        return Add(key);
    }

    /// <inheritdoc cref="AddKey(ReadOnlySpan{byte})"/>
    public RespCommand AddKey(string key) => AddKey(Encoding.UTF8.GetBytes(key));

    public RespCommand Add(ReadOnlySpan<byte> argument)
    {
        _missing--;
        WriteHead((byte)'$', argument.Length);
        _bytes.Write(argument);
        _bytes.Write("\r\n"u8);
        return this;
    }

    public RespCommand Add(string argument) => Add(Encoding.UTF8.GetBytes(argument));

    public RespCommand Add(long argument)
    {
        Span<byte> digits = stackalloc byte[20];
        Utf8Formatter.TryFormat(argument, digits, out var length);
        return Add(digits[..length]);
    }

    private void WriteHead(byte kind, int count)
    {
        var span = _bytes.GetSpan(16);
        span[0] = kind;
        Utf8Formatter.TryFormat(count, span[1..], out var length);
        "\r\n"u8.CopyTo(span[(1 + length)..]);
        _bytes.Advance(length + 3);
    }
}
