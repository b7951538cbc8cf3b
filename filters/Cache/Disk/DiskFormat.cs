using System.Buffers;
using System.Security.Cryptography;

namespace FilterProxy.Filters.Cache;

/// <summary>A kept response as a file: a mark, the head, the body, and a digest of all of it, so that what was cut or changed is never sent.</summary>
internal static class DiskFormat
{
    private const uint Mark = 0x31435046;
    private const int MostFields = 1024;

    /// <summary>The file of a response.</summary>
    public static byte[] Write(byte[] key, StoredResponse response)
    {
        using var memory = new MemoryStream((int)response.Size);
        using (var writer = new BinaryWriter(memory, System.Text.Encoding.UTF8, leaveOpen: true))
        {
            writer.Write(Mark);
            Write(writer, key);
            writer.Write(response.Tags.Length);
            foreach (var tag in response.Tags)
            {
                writer.Write(tag);
            }

            writer.Write(response.Status);
            writer.Write(response.Received);
            writer.Write(response.InitialAge);
            writer.Write(response.Lifetime);
            writer.Write(response.ForbidsStale);
            writer.Write(response.StaleIfError);
            Write(writer, response.ETag);
            Write(writer, response.LastModified);
            writer.Write(response.Modified);
            WriteVary(writer, response.Vary);
            writer.Write(response.Fields.Count);
            foreach (var field in response.Fields)
            {
                Write(writer, field.Name);
                Write(writer, field.Value);
            }

            writer.Write(response.Body.Length);
            foreach (var piece in response.Body)
            {
                writer.Write(piece.Span);
            }

            writer.Flush();
            writer.Write(SHA256.HashData(memory.GetBuffer().AsSpan(0, (int)memory.Length)));
        }

        return memory.ToArray();
    }

    /// <summary>The key and the tags at the beginning of a file; null where it is none.</summary>
    public static (byte[] Key, string[] Tags)? TryReadIndex(Stream file)
    {
        try
        {
            using var reader = new BinaryReader(file, System.Text.Encoding.UTF8, leaveOpen: true);
            return reader.ReadUInt32() == Mark ? (ReadBytes(reader), ReadTags(reader)) : null;
        }
        catch (Exception e) when (e is EndOfStreamException or InvalidDataException or FormatException)
        {
            return null;
        }
    }

    /// <summary>The response in a file; null where it is not whole.</summary>
    public static StoredResponse? TryRead(byte[] file)
    {
        var content = file.AsSpan(0, Math.Max(0, file.Length - SHA256.HashSizeInBytes));
        if (content.IsEmpty || !SHA256.HashData(content).AsSpan().SequenceEqual(file.AsSpan(content.Length)))
        {
            return null;
        }

        using var memory = new MemoryStream(file);
        using var reader = new BinaryReader(memory);
        if (reader.ReadUInt32() != Mark)
        {
            return null;
        }

        ReadBytes(reader);
        var tags = ReadTags(reader);
        return new StoredResponse
        {
            Tags = tags,
            Status = reader.ReadInt32(),
            Received = reader.ReadInt64(),
            InitialAge = reader.ReadInt64(),
            Lifetime = reader.ReadInt64(),
            ForbidsStale = reader.ReadBoolean(),
            StaleIfError = reader.ReadInt64(),
            ETag = ReadBytes(reader),
            LastModified = ReadBytes(reader),
            Modified = reader.ReadInt64(),
            Vary = ReadVary(reader),
            Fields = ReadFields(reader),
            Body = ReadBody(reader),
        };
    }

    private static void Write(BinaryWriter writer, ReadOnlySpan<byte> bytes)
    {
        writer.Write(bytes.Length);
        writer.Write(bytes);
    }

    private static byte[] ReadBytes(BinaryReader reader)
    {
        var length = reader.ReadInt32();
        return length is >= 0 and <= 1 << 20 && reader.ReadBytes(length) is { } bytes && bytes.Length == length ? bytes : throw new InvalidDataException();
    }

    private static string[] ReadTags(BinaryReader reader)
    {
        var tags = new string[Count(reader)];
        for (var i = 0; i < tags.Length; i++)
        {
            tags[i] = reader.ReadString();
        }

        return tags;
    }

    private static int Count(BinaryReader reader) => reader.ReadInt32() is >= 0 and <= MostFields and var count ? count : throw new InvalidDataException();

    private static void WriteVary(BinaryWriter writer, VaryKey? vary)
    {
        var fields = vary?.Fields.ToList() ?? [];
        writer.Write(fields.Count);
        foreach (var (name, value) in fields)
        {
            Write(writer, name);
            writer.Write(value is not null);
            Write(writer, value ?? []);
        }
    }

    private static VaryKey? ReadVary(BinaryReader reader)
    {
        var fields = new (byte[], byte[]?)[Count(reader)];
        for (var i = 0; i < fields.Length; i++)
        {
            var name = ReadBytes(reader);
            var present = reader.ReadBoolean();
            var value = ReadBytes(reader);
            fields[i] = (name, present ? value : null);
        }

        return fields.Length == 0 ? null : VaryKey.Restore(fields);
    }

    private static PreparedFields ReadFields(BinaryReader reader) => PreparedFields.Build(reader, static (map, from) =>
    {
        for (var left = Count(from); left > 0; left--)
        {
            map.Append(ReadBytes(from), ReadBytes(from));
        }
    });

    private static ReadOnlySequence<byte> ReadBody(BinaryReader reader)
    {
        var recording = new Recording(reader.ReadInt64());
        while (reader.BaseStream.Position < reader.BaseStream.Length - SHA256.HashSizeInBytes)
        {
            var left = reader.BaseStream.Length - SHA256.HashSizeInBytes - reader.BaseStream.Position;
            recording.Write(reader.ReadBytes((int)Math.Min(left, 64 * 1024)));
        }

        return recording.Complete() ?? throw new InvalidDataException();
    }
}
