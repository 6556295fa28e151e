package strict

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Marshaler is a type that is not written as its Go type would be: MarshalStrict returns what to write instead, anything that
// Encode can write. It is the counterpart of [Unmarshaler].
type Marshaler interface {
	MarshalStrict() any
}

// valuer is a type of this package that knows its own value.
type valuer interface {
	strictValue() *value
}

// Encode returns a struct as YAML, defaults included, so that decoding it gives the same struct. Fields left out of a
// document on purpose, which are zero and have no default, stay out. The same struct gives the same bytes.
func Encode(v any) []byte {
	return dump(encode(reflect.ValueOf(v)))
}

func encode(v reflect.Value) *value {
	if v.Kind() == reflect.Interface || v.Kind() == reflect.Pointer && v.Type() != nodeType {
		if v.IsNil() {
			return &value{kind: Null}
		}
		return encode(v.Elem())
	}
	if v.CanInterface() {
		switch special := addressed(v).Interface().(type) {
		case Marshaler:
			return encode(reflect.ValueOf(special.MarshalStrict()))
		case unit:
			return &value{kind: Text, text: special.String()}
		case valuer:
			return special.strictValue()
		case **Node:
			return (*special).v
		}
	}
	return encodeKind(v)
}

// addressed returns a pointer to v, or to a copy of it, so that methods of both kinds of receiver are found.
func addressed(v reflect.Value) reflect.Value {
	if v.CanAddr() {
		return v.Addr()
	}
	p := reflect.New(v.Type())
	p.Elem().Set(v)
	return p
}

func encodeKind(v reflect.Value) *value {
	switch v.Kind() {
	case reflect.Invalid:
		return &value{kind: Null}
	case reflect.Struct:
		return encodeStruct(v)
	case reflect.Slice:
		return encodeSlice(v)
	case reflect.Map:
		return encodeMap(v)
	case reflect.String:
		return &value{kind: Text, text: v.String()}
	case reflect.Bool:
		return &value{kind: Bool, text: strconv.FormatBool(v.Bool())}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return &value{kind: Int, text: strconv.FormatInt(v.Int(), 10)}
	case reflect.Float64:
		return &value{kind: Float, text: strconv.FormatFloat(v.Float(), 'g', -1, 64)}
	}
	panic(fmt.Sprintf("strict: cannot encode %v", v.Type()))
}

func encodeStruct(v reflect.Value) *value {
	out := &value{kind: Mapping}
	for _, f := range fieldsOf(v.Type()) {
		if from := v.FieldByIndex(f.index); f.written(from) {
			out.pairs = append(out.pairs, pair{key: f.name, value: encode(from)})
		}
	}
	return out
}

// written reports whether a field must be written so that decoding gives it back.
func (f field) written(v reflect.Value) bool {
	switch {
	case f.required || f.rule.HasDef:
		return true
	case v.Kind() == reflect.Struct && !readsItself(addressed(v).Elem()):
		return !demanding(v.Type()) || !untouched(v)
	}
	return !v.IsZero()
}

// demanding reports whether a struct cannot be written without values of the user's.
func demanding(t reflect.Type) bool {
	return slices.ContainsFunc(fieldsOf(t), func(f field) bool { return f.required })
}

// untouched reports whether a struct is as decoding leaves it when the document does not name it.
func untouched(v reflect.Value) bool {
	fresh := reflect.New(v.Type()).Elem()
	setDefaults(fresh)
	return reflect.DeepEqual(fresh.Interface(), v.Interface())
}

func encodeSlice(v reflect.Value) *value {
	out := &value{kind: List}
	for i := range v.Len() {
		out.items = append(out.items, encode(v.Index(i)))
	}
	return out
}

// encodeMap writes a Go map in the order of its keys.
func encodeMap(v reflect.Value) *value {
	out := &value{kind: Mapping}
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	for _, key := range keys {
		out.pairs = append(out.pairs, pair{key: key.String(), value: encode(v.MapIndex(key))})
	}
	return out
}
