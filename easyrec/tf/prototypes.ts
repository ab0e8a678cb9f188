/**
 * C prototypes of the functions in use, as `scripts/check_capi.mjs` compares them with TensorFlow's headers.
 * Handles are written `void *`: their types are told apart in `NativeApi`.
 */
export const PROTOTYPES = {
  TF_Version: 'const char *TF_Version()',
  TF_NewStatus: 'void *TF_NewStatus()',
  TF_DeleteStatus: 'void TF_DeleteStatus(void *status)',
  TF_GetCode: 'int TF_GetCode(void *status)',
  TF_Message: 'const char *TF_Message(void *status)',
  TF_NewBuffer: 'void *TF_NewBuffer()',
  TF_NewBufferFromString: 'void *TF_NewBufferFromString(const void *proto, size_t proto_len)',
  TF_DeleteBuffer: 'void TF_DeleteBuffer(void *buffer)',
  TF_AllocateTensor: 'void *TF_AllocateTensor(int dtype, const void *dims, int num_dims, size_t len)',
  TF_TensorMaybeMove: 'void *TF_TensorMaybeMove(void *tensor)',
  TF_DeleteTensor: 'void TF_DeleteTensor(void *tensor)',
  TF_TensorType: 'int TF_TensorType(void *tensor)',
  TF_NumDims: 'int TF_NumDims(void *tensor)',
  TF_Dim: 'int64_t TF_Dim(void *tensor, int dim_index)',
  TF_TensorByteSize: 'size_t TF_TensorByteSize(void *tensor)',
  TF_TensorData: 'void *TF_TensorData(void *tensor)',
  TF_StringInit: 'void TF_StringInit(void *t)',
  TF_StringCopy: 'void TF_StringCopy(void *dst, const void *src, size_t size)',
  TF_StringDealloc: 'void TF_StringDealloc(void *tstr)',
  TF_NewSessionOptions: 'void *TF_NewSessionOptions()',
  TF_SetTarget: 'void TF_SetTarget(void *options, const char *target)',
  TF_SetConfig: 'void TF_SetConfig(void *options, const void *proto, size_t proto_len, void *status)',
  TF_DeleteSessionOptions: 'void TF_DeleteSessionOptions(void *options)',
  TF_NewGraph: 'void *TF_NewGraph()',
  TF_DeleteGraph: 'void TF_DeleteGraph(void *graph)',
  TF_GraphSetTensorShape:
    'void TF_GraphSetTensorShape(void *graph, TF_Output output, const void *dims, int num_dims, void *status)',
  TF_GraphGetTensorNumDims: 'int TF_GraphGetTensorNumDims(void *graph, TF_Output output, void *status)',
  TF_GraphGetTensorShape:
    'void TF_GraphGetTensorShape(void *graph, TF_Output output, void *dims, int num_dims, void *status)',
  TF_NewOperation: 'void *TF_NewOperation(void *graph, const char *op_type, const char *oper_name)',
  TF_SetDevice: 'void TF_SetDevice(void *desc, const char *device)',
  TF_AddInput: 'void TF_AddInput(void *desc, TF_Output input)',
  TF_AddInputList: 'void TF_AddInputList(void *desc, const void *inputs, int num_inputs)',
  TF_AddControlInput: 'void TF_AddControlInput(void *desc, void *input)',
  TF_ColocateWith: 'void TF_ColocateWith(void *desc, void *op)',
  TF_SetAttrString:
    'void TF_SetAttrString(void *desc, const char *attr_name, const void *value, size_t length)',
  TF_SetAttrInt: 'void TF_SetAttrInt(void *desc, const char *attr_name, int64_t value)',
  TF_SetAttrIntList:
    'void TF_SetAttrIntList(void *desc, const char *attr_name, const void *values, int num_values)',
  TF_SetAttrFloat: 'void TF_SetAttrFloat(void *desc, const char *attr_name, float value)',
  TF_SetAttrFloatList:
    'void TF_SetAttrFloatList(void *desc, const char *attr_name, const void *values, int num_values)',
  TF_SetAttrBool: 'void TF_SetAttrBool(void *desc, const char *attr_name, unsigned char value)',
  TF_SetAttrType: 'void TF_SetAttrType(void *desc, const char *attr_name, int value)',
  TF_SetAttrTypeList:
    'void TF_SetAttrTypeList(void *desc, const char *attr_name, const void *values, int num_values)',
  TF_SetAttrFuncName:
    'void TF_SetAttrFuncName(void *desc, const char *attr_name, const char *value, size_t length)',
  TF_SetAttrShape: 'void TF_SetAttrShape(void *desc, const char *attr_name, const void *dims, int num_dims)',
  TF_SetAttrTensor: 'void TF_SetAttrTensor(void *desc, const char *attr_name, void *value, void *status)',
  TF_SetAttrValueProto:
    'void TF_SetAttrValueProto(void *desc, const char *attr_name, const void *proto, size_t proto_len, void *status)',
  TF_FinishOperation: 'void *TF_FinishOperation(void *desc, void *status)',
  TF_OperationName: 'const char *TF_OperationName(void *oper)',
  TF_OperationOpType: 'const char *TF_OperationOpType(void *oper)',
  TF_OperationDevice: 'const char *TF_OperationDevice(void *oper)',
  TF_OperationNumOutputs: 'int TF_OperationNumOutputs(void *oper)',
  TF_OperationOutputType: 'int TF_OperationOutputType(TF_Output oper_out)',
  TF_OperationNumInputs: 'int TF_OperationNumInputs(void *oper)',
  TF_OperationAllInputs: 'void TF_OperationAllInputs(void *oper, void *inputs, int max_inputs)',
  TF_OperationNumControlInputs: 'int TF_OperationNumControlInputs(void *oper)',
  TF_OperationGetControlInputs:
    'int TF_OperationGetControlInputs(void *oper, void *control_inputs, int max_control_inputs)',
  TF_OperationGetAttrTensor:
    'void TF_OperationGetAttrTensor(void *oper, const char *attr_name, void *value, void *status)',
  TF_OperationGetAttrValueProto:
    'void TF_OperationGetAttrValueProto(void *oper, const char *attr_name, void *output_attr_value, void *status)',
  TF_GraphOperationByName: 'void *TF_GraphOperationByName(void *graph, const char *oper_name)',
  TF_GraphNextOperation: 'void *TF_GraphNextOperation(void *graph, void *pos)',
  TF_GraphToGraphDef: 'void TF_GraphToGraphDef(void *graph, void *output_graph_def, void *status)',
  TF_GraphGetOpDef:
    'void TF_GraphGetOpDef(void *graph, const char *op_name, void *output_op_def, void *status)',
  TF_NewImportGraphDefOptions: 'void *TF_NewImportGraphDefOptions()',
  TF_DeleteImportGraphDefOptions: 'void TF_DeleteImportGraphDefOptions(void *opts)',
  TF_ImportGraphDefOptionsSetPrefix: 'void TF_ImportGraphDefOptionsSetPrefix(void *opts, const char *prefix)',
  TF_GraphImportGraphDef:
    'void TF_GraphImportGraphDef(void *graph, const void *graph_def, const void *options, void *status)',
  TF_AddGradients:
    'void TF_AddGradients(void *g, void *y, int ny, void *x, int nx, void *dx, void *status, void *dy)',
  TF_NewSession: 'void *TF_NewSession(void *graph, const void *opts, void *status)',
  TF_LoadSessionFromSavedModel:
    'void *TF_LoadSessionFromSavedModel(const void *session_options, const void *run_options, const char *export_dir, const char **tags, int tags_len, void *graph, void *meta_graph_def, void *status)',
  TF_CloseSession: 'void TF_CloseSession(void *session, void *status)',
  TF_DeleteSession: 'void TF_DeleteSession(void *session, void *status)',
  TF_SessionRun:
    'void TF_SessionRun(void *session, const void *run_options, const void *inputs, const void *input_values, int ninputs, const void *outputs, void *output_values, int noutputs, const void *target_opers, int ntargets, void *run_metadata, void *status)',
  TF_SessionListDevices: 'void *TF_SessionListDevices(void *session, void *status)',
  TF_DeviceListCount: 'int TF_DeviceListCount(const void *list)',
  TF_DeviceListName: 'const char *TF_DeviceListName(const void *list, int index, void *status)',
  TF_DeviceListType: 'const char *TF_DeviceListType(const void *list, int index, void *status)',
  TF_DeleteDeviceList: 'void TF_DeleteDeviceList(void *list)',
  TF_LoadLibrary: 'void *TF_LoadLibrary(const char *library_filename, void *status)',
  TF_GetOpList: 'TF_Buffer TF_GetOpList(void *lib_handle)',
  TF_GetAllOpList: 'void *TF_GetAllOpList()',
  TF_NewCheckpointReader: 'void *TF_NewCheckpointReader(const char *filename, void *status)',
  TF_DeleteCheckpointReader: 'void TF_DeleteCheckpointReader(void *reader)',
  TF_CheckpointReaderHasTensor: 'int TF_CheckpointReaderHasTensor(void *reader, const char *name)',
  TF_CheckpointReaderGetVariable: 'const char *TF_CheckpointReaderGetVariable(void *reader, int index)',
  TF_CheckpointReaderSize: 'int TF_CheckpointReaderSize(void *reader)',
  TF_CheckpointReaderGetVariableDataType:
    'int TF_CheckpointReaderGetVariableDataType(void *reader, const char *name)',
  TF_CheckpointReaderGetVariableShape:
    'void TF_CheckpointReaderGetVariableShape(void *reader, const char *name, void *dims, int num_dims, void *status)',
  TF_CheckpointReaderGetVariableNumDims:
    'int TF_CheckpointReaderGetVariableNumDims(void *reader, const char *name)',
  TF_CheckpointReaderGetTensor:
    'void *TF_CheckpointReaderGetTensor(void *reader, const char *name, void *status)',
} as const;
