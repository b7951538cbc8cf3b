using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace FilterProxy.Tests;

/// <summary>Which type of an assembly uses which other, in signatures and in the bodies of methods.</summary>
internal sealed class TypeReferences
{
    private static readonly Dictionary<short, OpCode> Codes = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(code => code.Value);

    private readonly MetadataReader _metadata;
    private readonly PEReader _image;
    private readonly HashSet<TypeDefinitionHandle> _found = [];
    private readonly Collector _collector;

    private TypeReferences(PEReader image)
    {
        _image = image;
        _metadata = image.GetMetadataReader();
        _collector = new Collector(_found);
    }

    public sealed record Reference(string From, string To, string FromType, string ToType);

    /// <summary>Every use of one folder's type by a type of another.</summary>
    public static IReadOnlyList<Reference> In(Assembly assembly, string root)
    {
        using var image = new PEReader(File.OpenRead(assembly.Location));
        return new TypeReferences(image).Collect(root);
    }

    public static IReadOnlyList<string> AssembliesOf(string file)
    {
        using var image = new PEReader(File.OpenRead(file));
        var metadata = image.GetMetadataReader();
        return [.. metadata.AssemblyReferences.Select(handle => metadata.GetString(metadata.GetAssemblyReference(handle).Name))];
    }

    /// <summary>The first part of a namespace below the root; empty for the root itself.</summary>
    public static string FolderOf(string ns, string root) => ns.Length <= root.Length ? "" : ns[(root.Length + 1)..].Split('.')[0];

    private List<Reference> Collect(string root)
    {
        var references = new List<Reference>();
        foreach (var handle in _metadata.TypeDefinitions)
        {
            var (fromNamespace, fromName) = Describe(handle);
            if (!fromNamespace.StartsWith(root, StringComparison.Ordinal))
            {
                continue;
            }

            _found.Clear();
            Visit(_metadata.GetTypeDefinition(handle));
            foreach (var used in _found)
            {
                var (toNamespace, toName) = Describe(used);
                if (toNamespace.StartsWith(root, StringComparison.Ordinal) && toNamespace != fromNamespace)
                {
                    references.Add(new Reference(FolderOf(fromNamespace, root), FolderOf(toNamespace, root), fromName, toName));
                }
            }
        }

        return references;
    }

    // A nested type, such as the state machine of an async method, belongs to the type around it.
    private (string Namespace, string Name) Describe(TypeDefinitionHandle handle)
    {
        var type = _metadata.GetTypeDefinition(handle);
        while (!type.GetDeclaringType().IsNil)
        {
            type = _metadata.GetTypeDefinition(type.GetDeclaringType());
        }

        return (_metadata.GetString(type.Namespace), _metadata.GetString(type.Name));
    }

    private void Visit(TypeDefinition type)
    {
        Visit(type.BaseType);
        foreach (var implementation in type.GetInterfaceImplementations())
        {
            Visit(_metadata.GetInterfaceImplementation(implementation).Interface);
        }

        foreach (var field in type.GetFields())
        {
            _metadata.GetFieldDefinition(field).DecodeSignature(_collector, null);
        }

        foreach (var handle in type.GetMethods())
        {
            var method = _metadata.GetMethodDefinition(handle);
            method.DecodeSignature(_collector, null);
            if (method.RelativeVirtualAddress != 0)
            {
                VisitBody(_image.GetMethodBody(method.RelativeVirtualAddress));
            }
        }
    }

    private void VisitBody(MethodBodyBlock body)
    {
        if (!body.LocalSignature.IsNil)
        {
            _metadata.GetStandaloneSignature(body.LocalSignature).DecodeLocalSignature(_collector, null);
        }

        var il = body.GetILReader();
        while (il.RemainingBytes > 0)
        {
            short value = il.ReadByte();
            if (value == 0xFE)
            {
                value = (short)((0xFE << 8) | il.ReadByte());
            }

            switch (Codes[value].OperandType)
            {
                case OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType:
                    Visit(MetadataTokens.EntityHandle(il.ReadInt32()));
                    break;
                case OperandType.InlineSwitch:
                    var targets = il.ReadInt32();
                    il.Offset += targets * 4;
                    break;
                case OperandType.InlineI8 or OperandType.InlineR:
                    il.Offset += 8;
                    break;
                case OperandType.InlineVar:
                    il.Offset += 2;
                    break;
                case OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar:
                    il.Offset += 1;
                    break;
                case OperandType.InlineNone:
                    break;
                default:
                    il.Offset += 4;
                    break;
            }
        }
    }

    private void Visit(EntityHandle handle)
    {
        switch (handle.Kind)
        {
            case HandleKind.TypeDefinition when !handle.IsNil:
                _found.Add((TypeDefinitionHandle)handle);
                break;
            case HandleKind.MethodDefinition:
                _found.Add(_metadata.GetMethodDefinition((MethodDefinitionHandle)handle).GetDeclaringType());
                break;
            case HandleKind.FieldDefinition:
                _found.Add(_metadata.GetFieldDefinition((FieldDefinitionHandle)handle).GetDeclaringType());
                break;
            case HandleKind.MemberReference:
                Visit(_metadata.GetMemberReference((MemberReferenceHandle)handle).Parent);
                break;
            case HandleKind.MethodSpecification:
                var method = _metadata.GetMethodSpecification((MethodSpecificationHandle)handle);
                method.DecodeSignature(_collector, null);
                Visit(method.Method);
                break;
            case HandleKind.TypeSpecification:
                _metadata.GetTypeSpecification((TypeSpecificationHandle)handle).DecodeSignature(_collector, null);
                break;
        }
    }

    /// <summary>Remembers every type of this assembly that a signature names.</summary>
    private sealed class Collector(HashSet<TypeDefinitionHandle> found) : ISignatureTypeProvider<int, object?>
    {
        public int GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) => found.Add(handle) ? 1 : 0;

        public int GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) => 0;

        public int GetTypeFromSpecification(MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind) =>
            reader.GetTypeSpecification(handle).DecodeSignature(this, genericContext);

        public int GetArrayType(int elementType, ArrayShape shape) => 0;

        public int GetByReferenceType(int elementType) => 0;

        public int GetFunctionPointerType(MethodSignature<int> signature) => 0;

        public int GetGenericInstantiation(int genericType, ImmutableArray<int> typeArguments) => 0;

        public int GetGenericMethodParameter(object? genericContext, int index) => 0;

        public int GetGenericTypeParameter(object? genericContext, int index) => 0;

        public int GetModifiedType(int modifier, int unmodifiedType, bool isRequired) => 0;

        public int GetPinnedType(int elementType) => 0;

        public int GetPointerType(int elementType) => 0;

        public int GetPrimitiveType(PrimitiveTypeCode typeCode) => 0;

        public int GetSZArrayType(int elementType) => 0;
    }
}
