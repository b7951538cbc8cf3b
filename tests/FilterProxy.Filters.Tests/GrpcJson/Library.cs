using FilterProxy.Filters.Lib.Protobuf;

namespace FilterProxy.Filters.Tests.GrpcJson;

/// <summary>The descriptors of a small service, written field by field as protoc would.</summary>
internal static class Library
{
    public static byte[] Descriptors()
    {
        var file = new WireWriter();
        Text(file, 1, "library.proto");
        Text(file, 2, "library");
        Inner(file, 4, Message(
            "Book",
            Field("name", 1, FieldKind.String),
            Field("page_count", 2, FieldKind.Int32, json: "pageCount"),
            Field("sold", 3, FieldKind.Int64),
            Field("tags", 4, FieldKind.String, repeated: true),
            Field("ratings", 5, FieldKind.SInt32, repeated: true),
            Field("cover", 6, FieldKind.Bytes),
            Field("genre", 7, FieldKind.Enum, type: ".library.Genre"),
            Field("author", 8, FieldKind.Message, type: ".library.Author"),
            Field("stock", 9, FieldKind.Message, repeated: true, type: ".library.Book.StockEntry"),
            Field("price", 10, FieldKind.Double),
            Field("available", 11, FieldKind.Bool),
            Field("printed", 12, FieldKind.Message, type: ".google.protobuf.Timestamp"),
            Field("note", 13, FieldKind.Message, type: ".google.protobuf.StringValue")).Nested(MapEntry("StockEntry")).Bytes());
        Inner(file, 4, Message("Author", Field("name", 1, FieldKind.String), Field("age", 2, FieldKind.UInt32)).Bytes());
        Inner(file, 4, Message("GetBook", Field("name", 1, FieldKind.String), Field("author", 2, FieldKind.Message, type: ".library.Author")).Bytes());
        var genre = new WireWriter();
        Text(genre, 1, "Genre");
        Inner(genre, 2, EnumValue("UNKNOWN", 0));
        Inner(genre, 2, EnumValue("NOVEL", 1));
        Inner(file, 5, genre.Written.ToArray());
        var service = new WireWriter();
        Text(service, 1, "Books");
        Inner(service, 2, Method("Get", ".library.GetBook", ".library.Book", Rule(2, "/v1/{name=shelves/*/books/*}")));
        Inner(service, 2, Method("Create", ".library.Book", ".library.Book", Rule(4, "/v1/books", body: "*"), Rule(3, "/v1/authors/{name}", body: "author", response: "author")));
        Inner(service, 2, Method("List", ".library.GetBook", ".library.Book", Rule(2, "/v1/books:list"), streams: true));
        Inner(file, 6, service.Written.ToArray());
        Text(file, 12, "proto3");

        var google = new WireWriter();
        Text(google, 1, "google.proto");
        Text(google, 2, "google.protobuf");
        Inner(google, 4, Message("Timestamp", Field("seconds", 1, FieldKind.Int64), Field("nanos", 2, FieldKind.Int32)).Bytes());
        Inner(google, 4, Message("StringValue", Field("value", 1, FieldKind.String)).Bytes());
        Text(google, 12, "proto3");
        var set = new WireWriter();
        Inner(set, 1, file.Written.ToArray());
        Inner(set, 1, google.Written.ToArray());
        return set.Written.ToArray();
    }

    private static MessageWriter Message(string name, params byte[][] fields) => new(name, fields);

    private static byte[] MapEntry(string name)
    {
        var entry = new WireWriter();
        Text(entry, 1, name);
        Inner(entry, 2, Field("key", 1, FieldKind.String));
        Inner(entry, 2, Field("value", 2, FieldKind.Int32));
        Inner(entry, 7, [7 << 3, 1]);
        return entry.Written.ToArray();
    }

    private static byte[] Field(string name, int number, FieldKind kind, bool repeated = false, string type = "", string json = "")
    {
        var field = new WireWriter();
        Text(field, 1, name);
        Number(field, 3, number);
        Number(field, 4, repeated ? 3 : 1);
        Number(field, 5, (int)kind);
        if (type.Length > 0)
        {
            Text(field, 6, type);
        }

        Text(field, 10, json.Length > 0 ? json : name);
        return field.Written.ToArray();
    }

    private static byte[] EnumValue(string name, int number)
    {
        var value = new WireWriter();
        Text(value, 1, name);
        Number(value, 2, number);
        return value.Written.ToArray();
    }

    private static byte[] Method(string name, string input, string output, byte[] rule, byte[]? more = null, bool streams = false)
    {
        var method = new WireWriter();
        Text(method, 1, name);
        Text(method, 2, input);
        Text(method, 3, output);
        var options = new WireWriter();
        var all = new WireWriter();
        all.Raw(rule);
        if (more is not null)
        {
            Inner(all, 11, more);
        }

        Inner(options, 72295728, all.Written.ToArray());
        Inner(method, 4, options.Written.ToArray());
        Number(method, 6, streams ? 1 : 0);
        return method.Written.ToArray();
    }

    private static byte[] Rule(int verb, string path, string body = "", string response = "")
    {
        var rule = new WireWriter();
        Text(rule, verb, path);
        Text(rule, 7, body);
        Text(rule, 12, response);
        return rule.Written.ToArray();
    }

    private static void Text(WireWriter to, int number, string text)
    {
        to.Tag(number, WireType.Length);
        to.Text(text);
    }

    private static void Number(WireWriter to, int number, int value)
    {
        to.Tag(number, WireType.Varint);
        to.Varint((ulong)value);
    }

    private static void Inner(WireWriter to, int number, byte[] bytes)
    {
        to.Tag(number, WireType.Length);
        to.Bytes(bytes);
    }

    private sealed class MessageWriter
    {
        private readonly WireWriter _message = new();

        public MessageWriter(string name, byte[][] fields)
        {
            Text(_message, 1, name);
            foreach (var field in fields)
            {
                Inner(_message, 2, field);
            }
        }

        public MessageWriter Nested(byte[] message)
        {
            Inner(_message, 3, message);
            return this;
        }

        public byte[] Bytes() => _message.Written.ToArray();
    }
}
