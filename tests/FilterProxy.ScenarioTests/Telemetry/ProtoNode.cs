using System.Text;
using FilterProxy.Filters.Lib.Protobuf;

namespace FilterProxy.ScenarioTests.Telemetry;

/// <summary>A message of Protocol Buffers without its schema: fields by their numbers.</summary>
internal sealed class ProtoNode
{
    private readonly List<(int Number, ulong Value, byte[]? Bytes)> _fields = [];

    public ProtoNode(ReadOnlySpan<byte> data)
    {
        var reader = new WireReader(data);
        while (reader.TryReadTag(out var number, out var type))
        {
            switch (type)
            {
                case WireType.Varint:
                    _fields.Add((number, reader.ReadVarint(), null));
                    break;
                case WireType.Fixed64:
                    _fields.Add((number, reader.ReadFixed64(), null));
                    break;
                case WireType.Fixed32:
                    _fields.Add((number, reader.ReadFixed32(), null));
                    break;
                default:
                    _fields.Add((number, 0, reader.ReadBytes().ToArray()));
                    break;
            }
        }
    }

    public IEnumerable<ProtoNode> All(int number) => _fields.Where(f => f.Number == number && f.Bytes is not null).Select(f => new ProtoNode(f.Bytes));

    /// <summary>Messages below, by the numbers of the fields that lead there.</summary>
    public IEnumerable<ProtoNode> Below(params int[] path) =>
        path.Aggregate((IEnumerable<ProtoNode>)[this], static (nodes, number) => nodes.SelectMany(node => node.All(number)));

    public byte[] Bytes(int number) => _fields.FirstOrDefault(f => f.Number == number).Bytes ?? [];

    public string Text(int number) => Encoding.UTF8.GetString(Bytes(number));

    public string Hex(int number) => Convert.ToHexStringLower(Bytes(number));

    public ulong Number(int number) => _fields.FirstOrDefault(f => f.Number == number).Value;

    public double Double(int number) => BitConverter.UInt64BitsToDouble(Number(number));

    /// <summary>Attributes (KeyValue), written <c>key=value</c>.</summary>
    public Dictionary<string, string> Attributes(int number) => All(number).ToDictionary(pair => pair.Text(1), pair => Value(pair.All(2).Single()));

    // AnyValue: string, bool, int, double.
    private static string Value(ProtoNode any) => any._fields switch
    {
        [(1, _, { } text)] => Encoding.UTF8.GetString(text),
        [(2, var flag, _)] => flag == 1 ? "true" : "false",
        [(3, var whole, _)] => $"{(long)whole}",
        [(4, var bits, _)] => $"{BitConverter.UInt64BitsToDouble(bits)}",
        _ => "?",
    };
}
